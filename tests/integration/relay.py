"""A relay between a program and a server, which counts the bytes that the program sends."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator


class Relay(socketserver.ThreadingTCPServer):
    """Passes connections on to another port, in both directions."""

    daemon_threads = True

    def __init__(self, to: int) -> None:
        self._to = to
        self._lock = threading.Lock()
        self.sent_bytes = 0
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)

    @property
    def port(self) -> int:
        """The port that the program sends to."""
        port: int = self.server_address[1]
        return port

    def finish_request(self, request: object, client_address: object) -> None:
        """Pass one connection on, until an end of it is closed."""
        assert isinstance(request, socket.socket)
        with socket.create_connection(("127.0.0.1", self._to)) as onward:
            back = threading.Thread(target=_copy, args=(onward, request), daemon=True)
            back.start()
            for data in _received(request):
                with self._lock:
                    self.sent_bytes += len(data)
                onward.sendall(data)
            onward.shutdown(socket.SHUT_WR)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the program has gone
        for data in _received(source):
            target.sendall(data)


def _received(source: socket.socket) -> Iterator[bytes]:
    while data := source.recv(65_536):
        yield data
