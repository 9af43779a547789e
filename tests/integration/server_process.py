"""A server's process: on free ports of the loopback, stopped by its process id."""

from __future__ import annotations

import http.client
import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

_DEADLINE_S = 30
_LOG_TAIL = 3_000


def program(name: str) -> str:
    """Return where a server's program is; skip the test if it is not on this machine."""
    found = _rotel_agent() if name == "rotel" else shutil.which(name)
    if found is None:
        pytest.skip(f"the server {name!r} is not on this machine")
    return found


def _rotel_agent() -> str | None:
    """Return the program inside the wheel, which puts nothing on the PATH, if it runs here."""
    package = importlib.util.find_spec("rotel")
    if package is None or package.origin is None:
        return None
    agent = str(Path(package.origin).parent / "rotel-agent")
    # It needs Python's own shared library, which not every Python has.
    runs = subprocess.run([agent, "--version"], capture_output=True, check=False).returncode == 0
    return agent if runs else None


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback that nobody listens on."""
    with ExitStack() as bound:
        sockets = [bound.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def get(port: int, path: str, **query: str) -> bytes:
    """Get a page of a server; raises ``OSError`` until it is served."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", f"{path}?{urlencode(query)}")
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise ConnectionError(f"{path} of port {port} answers {answer.status}")
        return answer.read()
    finally:
        connection.close()


class Server:
    """A server's process; its output is kept for the message of a test that fails."""

    def __init__(self, name: str, *arguments: str, folder: Path, **environment: str) -> None:
        self._command = [program(name), *arguments]
        self._folder = folder
        self._environ = {"PATH": os.environ["PATH"], **environment}
        self._log = folder / f"{name}.log"
        self.start()

    def start(self) -> None:
        """Start the process, on the same ports each time."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until(self, what: str, is_true: Callable[[], object]) -> None:
        """Wait for something that this server will make true; while it is not served, it is not."""
        deadline = time.monotonic() + _DEADLINE_S
        while True:
            try:
                if is_true():
                    return
            except (OSError, http.client.HTTPException):
                pass
            assert self._process.poll() is None, f"it ended before {what}: {self._told()}"
            assert time.monotonic() < deadline, f"it took too long until {what}: {self._told()}"
            time.sleep(0.05)  # a pause between looks, until the deadline

    def listens_on(self, *ports: int) -> bool:
        """Return whether it takes connections; raises ``OSError`` if not."""
        for port in ports:
            with socket.create_connection(("127.0.0.1", port), timeout=10):
                pass
        return True

    def output(self) -> str:
        """Return what it has written so far to its own log."""
        return self._log.read_text("utf-8", "replace")

    def _told(self) -> str:
        return f"{' '.join(self._command)}\n{self.output()[-_LOG_TAIL:]}"

    def kill(self) -> None:
        """End the process as ``kill -9`` does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the process, and wait for its end."""
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(server: Server) -> Iterator[None]:
    """Stop the server at the end."""
    try:
        yield
    finally:
        server.stop()
