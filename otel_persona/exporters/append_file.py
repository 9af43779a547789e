"""A file to which many threads and processes append whole lines at once."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from urllib.parse import quote

from otel_persona.concurrency.interruptions import pass_on

# Looking costs as much as writing. No real attempt is this short.
_LOOK_AFTER_S = 0.001


class AppendFile:
    """Appends each line in one write, and reopens the file if it was moved or removed.

    This is checked by ``append``, at most once a millisecond, and by ``look``. ``path`` may hold
    ``{pid}`` and ``{run_id}``. Missing folders are made. With ``is_forced``, ``sync`` and closing
    force what was appended to the disk. Not thread-safe by itself: its owner holds a lock.
    """

    def __init__(self, path: str, run_id: str, *, is_forced: bool) -> None:
        # The program may change its working directory; the log stays put.
        self._template = str(Path(path).absolute())
        self._run_id = _as_name(run_id)
        self._is_forced = is_forced
        self._looked_at = time.monotonic()
        self._descriptor: int | None = None
        self._identity: tuple[int, int] | None = None
        self._path = self._fill_in()
        self._in_fragment = False

    @property
    def path(self) -> str:
        """The path that lines go to now."""
        return self._path

    def append(self, line: bytes) -> None:
        """Hand ``line`` to the operating system; raises ``OSError`` if it was not taken whole.

        If only part of a line was taken, the next line starts with a newline, so that a reader
        loses only the fragment. After any error the file is reopened.
        """
        try:
            if time.monotonic() - self._looked_at >= _LOOK_AFTER_S:
                self.look()
            descriptor = self._open() if self._descriptor is None else self._descriptor
            whole = b"\n" + line if self._in_fragment else line
            written = os.write(descriptor, whole)
            self._in_fragment = written < len(whole)
            if self._in_fragment:
                raise OSError(f"only {written} of {len(whole)} bytes were taken")
        except OSError:
            self._release()
            raise

    def look(self) -> None:
        """Release a file that was closed, removed or moved elsewhere; the next line reopens it."""
        self._looked_at = time.monotonic()
        if self._descriptor is None:
            return
        if not self._has_descriptor(self._descriptor):
            self._descriptor = None  # its number now belongs to someone else
        elif not self._has_name():
            self.close()

    def sync(self) -> None:
        """Force what was appended to the disk if ``is_forced``; raises ``OSError`` on failure."""
        if self._descriptor is not None and self._is_forced:
            os.fsync(self._descriptor)

    def duplicate(self) -> int | None:
        """Return a new descriptor of the open file, if any, that the caller must close."""
        return os.dup(self._descriptor) if self._descriptor is not None else None

    def close(self) -> None:
        """Close the file; a later line reopens it."""
        with contextlib.suppress(OSError):
            self.sync()
        self._release()

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and self._has_descriptor(descriptor):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def after_fork(self) -> None:
        """Release the parent's file; the child's first line opens its own."""
        self._path = self._fill_in()
        self._release()

    def _has_descriptor(self, descriptor: int) -> bool:
        try:
            status = os.fstat(descriptor)
        except OSError as error:
            pass_on(error)
            return False
        return _identity(status) == self._identity

    def _open(self) -> int:
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        # A pipe without a reader is an error, not something to wait for.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._descriptor = os.open(self._path, flags, 0o644)
        self._looked_at = time.monotonic()
        identity = _identity(os.fstat(self._descriptor))
        if identity != self._identity:
            self._identity = identity
            self._in_fragment = False
        return self._descriptor

    def _has_name(self) -> bool:
        try:
            status = Path(self._path).stat()
        except OSError as error:
            pass_on(error)
            return False
        return _identity(status) == self._identity

    def _fill_in(self) -> str:
        filled = self._template.replace("{pid}", str(os.getpid()))
        return filled.replace("{run_id}", self._run_id)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _as_name(run_id: str) -> str:
    """Quote a run's id so that a file named after it cannot leave the folder or be hidden in it."""
    name = quote(run_id, safe="+@", errors="replace")
    return "%2E" + name[1:] if name.startswith(".") else name
