"""The attempts of one or more logs in the order given, and the lines that hold none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from otel_persona.analysis.log_files import LONGEST_LINE_BYTES, LogFile, check_logs
from otel_persona.errors import RecordError
from otel_persona.records import AttemptRecord, decode_line, read_line

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Skipped(msgspec.Struct, frozen=True):
    """A line (counted from 1), or the beginning of one, that no figure counts, and why."""

    file: str
    line: int
    reason: str


class LogReader:
    """Reads logs one after the other; iterate over it once.

    Logs compressed with gzip or zstd are decompressed as they are read, whatever their name; ``-``
    is standard input. Empty lines are ignored. ``on_skip`` gets every line that holds no record,
    and the fragment before a recovered record. ``on_progress`` gets the number of bytes read since
    its last call, out of ``size`` in all (which leaves out inputs of unknown size).

    ``file`` and ``line`` locate the last record returned.

    Raises ``LogReadError`` at once if a path is missing, a folder, not readable, or given twice,
    and while reading if a file cannot be opened or the disk fails.
    """

    def __init__(
        self,
        paths: Iterable[str],
        on_skip: Callable[[Skipped], object],
        on_progress: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._logs = [LogFile(path) for path in paths]
        self._on_skip = on_skip
        self._on_progress = on_progress
        self.size = check_logs(self._logs)
        self.file = ""
        self.line = 0

    def __iter__(self) -> Iterator[AttemptRecord]:
        """Yield every record."""
        for log in self._logs:
            self.file = log.name
            self.line = 0
            for lines in log.lines(self._on_progress):
                for line in lines:
                    self.line += 1
                    try:
                        record = decode_line(line)
                    except RecordError:
                        found = self._look_closer(line)
                        if found is None:
                            continue
                        record = found
                    yield record
            if log.damage:
                self.refuse(log.damage)

    def refuse(self, reason: str) -> None:
        """Report the line of the last record returned as skipped."""
        self._on_skip(Skipped(self.file, self.line, reason))

    @property
    def names(self) -> list[str]:
        """The names of the logs, as in ``file`` and ``Skipped``."""
        return [log.name for log in self._logs]

    def _look_closer(self, line: bytes) -> AttemptRecord | None:
        if self.line == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line.strip():
            return None
        record, reason = read_line(line)
        if reason is not None and len(line) >= LONGEST_LINE_BYTES:
            reason = f"longer than {LONGEST_LINE_BYTES >> 20} MiB"
        if reason is not None:
            self.refuse(reason)
        return record
