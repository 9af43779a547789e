"""A file that whole lines are appended to, by many threads and processes at once."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal

Fsync = Literal["never", "second", "line"]


class AppendFile:
    """Appends each line by one write, and opens the file anew where it was moved or removed.

    ``path`` may hold ``{pid}`` and ``{run_id}``. Missing folders are made. Not thread-safe by
    itself: its owner holds a lock.
    """

    def __init__(self, path: str, run_id: str, fsync: Fsync) -> None:
        self._template = path
        self._run_id = run_id
        self._fsync = fsync
        self._synced_at = time.monotonic()
        self._descriptor: int | None = None
        self._identity: tuple[int, int] | None = None
        self._path = self._fill_in()
        self._in_fragment = False

    @property
    def path(self) -> Path:
        """Where lines go now."""
        return self._path

    def append(self, line: bytes) -> None:
        """Hand ``line`` to the operating system; raises ``OSError`` where it was not taken whole.

        What was taken of a line that did not fit is closed by a newline before the next line, so
        that a reader loses nothing but the fragment.
        """
        descriptor = self._open()
        whole = b"\n" + line if self._in_fragment else line
        written = os.write(descriptor, whole)
        if written < len(whole):
            self._in_fragment = True
            raise OSError(f"only {written} of {len(whole)} bytes were taken")
        self._in_fragment = False
        if self._fsync == "line" or (
            self._fsync == "second" and time.monotonic() - self._synced_at >= 1
        ):
            self.sync()

    def sync(self) -> None:
        """Force what was appended to the disk."""
        if self._descriptor is not None and self._fsync != "never":
            os.fsync(self._descriptor)
            self._synced_at = time.monotonic()

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def after_fork(self) -> None:
        """Open a file of the child's own with its first line."""
        self._path = self._fill_in()
        self._in_fragment = False
        self.close()

    def _open(self) -> int:
        if self._descriptor is not None and self._is_in_place():
            return self._descriptor
        self.close()
        self._in_fragment = False
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o644)
        status = os.fstat(self._descriptor)
        self._identity = (status.st_dev, status.st_ino)
        return self._descriptor

    def _is_in_place(self) -> bool:
        try:
            status = os.stat(self._path)  # noqa: PTH116 - a third of the cost of Path.stat
        except FileNotFoundError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def _fill_in(self) -> Path:
        filled = self._template.replace("{pid}", str(os.getpid()))
        return Path(filled.replace("{run_id}", self._run_id.replace("/", "%2F")))
