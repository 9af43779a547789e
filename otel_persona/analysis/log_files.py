"""The bytes of a log (plain, compressed or standard input), in chunks and lines."""

from __future__ import annotations

import io
import os
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

from otel_persona.errors import LogReadError

_Decompression = Callable[[io.BufferedReader], Callable[[], bytes]]

LONGEST_LINE_BYTES = 16 << 20
"""In bytes; only the end of a longer line is kept, so that no file can exhaust memory."""
_MOST_IN_PIECES = 20 << 20

_STANDARD_INPUT = "-"
_CHUNK_BYTES = 1 << 20
_GZIP_START = b"\x1f\x8b"
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_ZSTD_START = b"\x28\xb5\x2f\xfd"
# If a read fails, what was decompressed in it is lost, so reads are small.
_PIECE_BYTES = 1 << 12


class LogFile:
    """One log: its display name and its bytes.

    After reading, ``damage`` says why the compressed data ended early, if it did.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        # A file name may hold bytes that are not valid text.
        self.name = os.fsencode(path).decode("utf-8", "replace")
        if path == _STANDARD_INPUT:
            self.name = "<stdin>"
        self.damage: str | None = None

    def lines(self, progress: Callable[[int], object]) -> Iterator[list[bytes]]:
        """Yield the lines without newlines, many at a time; the last one need not have one.

        Compressed data is read up to the first damage. ``progress`` gets the number of bytes of the
        file read since its last call. Raises ``LogReadError`` if the file cannot be opened or the
        disk fails.
        """
        unfinished = _Pieces()
        for chunk in self._chunks(progress):
            first, *others = chunk.split(b"\n")
            unfinished.add(first)
            if others:
                yield [unfinished.take(), *others[:-1]]
                unfinished.add(others[-1])
        yield [unfinished.take()]

    def check(self) -> os.stat_result | None:
        """Check the file without opening it, and return its status; ``None`` for standard input.

        Raises ``LogReadError`` if it is missing, a folder, or not readable.
        """
        if self.path == _STANDARD_INPUT:
            return None
        try:
            status = Path(self.path).stat()
        except OSError as error:
            raise LogReadError(f"{self.name}: {_reason(error)}") from error
        if stat.S_ISDIR(status.st_mode):
            raise LogReadError(f"{self.name} is a folder; name the logs in it")
        if not os.access(self.path, os.R_OK, effective_ids=True):
            raise LogReadError(f"{self.name}: Permission denied")
        return status

    def _chunks(self, progress: Callable[[int], object]) -> Iterator[bytes]:
        try:
            with self._open() as file:
                read = self._reader(file)
                seekable = file.seekable()
                done = 0
                while chunk := read():
                    if seekable:
                        position = file.tell()
                        progress(position - done)
                        done = position
                    yield chunk
        except OSError as error:
            raise LogReadError(f"{self.name}: {_reason(error)}") from error

    def _open(self) -> io.BufferedReader:
        if self.path == _STANDARD_INPUT:
            os.set_blocking(0, True)  # else a pause of the writer looks like the end
            return os.fdopen(0, "rb", closefd=False)
        return Path(self.path).open("rb")

    def _reader(self, file: io.BufferedReader) -> Callable[[], bytes]:
        decompression = self._decompression(file.peek(len(_ZSTD_START)))
        if decompression is None:
            return lambda: file.read1(_CHUNK_BYTES)
        return self._until_damaged(decompression(file))

    def _decompression(self, start: bytes) -> _Decompression | None:
        """Recognize compressed data by its first bytes or, if they are damaged, by the name."""
        if start.startswith(_GZIP_START):
            return _gzip_reader
        if start.startswith(_ZSTD_START):
            return _zstd_reader
        if start.lstrip(b"\xef\xbb\xbf").startswith(b"{"):
            return None
        return {".gz": _gzip_reader, ".zst": _zstd_reader}.get(Path(self.path).suffix)

    def _until_damaged(self, read: Callable[[], bytes]) -> Callable[[], bytes]:
        def read_or_note() -> bytes:
            try:
                return read()
            except (OSError, EOFError, zlib.error) as error:
                self.damage = f"the compressed data is damaged from here on: {_reason(error)}"
                return b""

        return read_or_note


class _Pieces:
    """A line that comes in pieces; if it is too long, its last ``LONGEST_LINE_BYTES``.

    Joining the pieces once, not one by one, keeps the cost of a long line from being quadratic.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _MOST_IN_PIECES:
            self.add(self.take())

    def take(self) -> bytes:
        line = b"".join(self._pieces)[-LONGEST_LINE_BYTES:]
        self._pieces, self._size = [], 0
        return line


def check_logs(logs: Iterable[LogFile]) -> int:
    """Check all logs before any is read, and return the total bytes of those of known size.

    Raises ``LogReadError`` if one cannot be read or is given twice.
    """
    size = 0
    seen = set()
    for log in logs:
        status = log.check()
        identity = (status.st_dev, status.st_ino) if status else _STANDARD_INPUT
        if identity in seen:
            raise LogReadError(f"{log.name} is named twice; its attempts would count twice")
        seen.add(identity)
        size += status.st_size if status else 0
    return size


def _gzip_reader(file: io.BufferedReader) -> Callable[[], bytes]:
    """Read member after member, in small pieces.

    The standard library's own reader loses up to a buffer, 128 KiB since Python 3.12, of what
    precedes the damage.
    """
    member = None
    rest = b""

    def read() -> bytes:
        nonlocal member, rest
        while compressed := rest or file.read1(_PIECE_BYTES):
            if member is None or member.eof:
                compressed, rest = compressed.lstrip(b"\0"), b""  # members may be padded
                if not compressed:
                    continue
                member = zlib.decompressobj(_GZIP_FORMAT)
            piece = member.decompress(compressed)
            rest = member.unused_data
            if piece:
                return piece
        if member is not None and not member.eof:
            raise EOFError("it ends before its end marker")
        return b""

    return read


def _zstd_reader(file: io.BufferedReader) -> Callable[[], bytes]:
    pyarrow = import_module("pyarrow")  # costs 160 ms to import, and most logs are plain
    pieces = pyarrow.PythonFile(_ShortReads(file), "r")
    stream = pyarrow.CompressedInputStream(pieces, "zstd")

    def read() -> bytes:
        piece: bytes = stream.read(_PIECE_BYTES)
        return piece

    return read


class _ShortReads(io.RawIOBase):
    """Reads a file in small pieces, however much is requested."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._file.read(min(size, _PIECE_BYTES))


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
