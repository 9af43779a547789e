"""One JSON line per attempt, handed to the operating system before the attempt's call returns."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Literal

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_persona import forks
from otel_persona.errors import RecordError
from otel_persona.exporters.append_file import AppendFile
from otel_persona.exporters.later import Later
from otel_persona.records import AttemptRecord, encode_line, health
from otel_persona.records.spans import own_record, rebuilt_record

Fsync = Literal["never", "second", "line"]
"""When lines are forced to the disk."""

_log = logging.getLogger("otel_persona")
_RETRY_AFTER_S = 1.0


class AttemptFileExporter(SpanExporter):
    """Writes one JSON line for each attempt among the spans, and ignores all other spans.

    Put it behind ``AttemptSpanProcessor``: each line is then in the operating system's hands
    before the decorated call returns, unsampled attempts included. Many processes may append to
    one ``path``; ``{pid}`` and ``{run_id}`` in it make shards. ``fsync`` forces lines to the disk:
    ``never``, within a ``second`` (in a thread of its own, so that nobody waits for the disk), or
    each ``line`` before the call returns.

    Where the file cannot be written one warning is told, and up to ``pending_records`` lines are
    kept in memory and tried again, at most once a second and at every flush. What does not fit is
    counted in ``persona.records.lost``.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        run_id: str = "run",
        fsync: Fsync = "never",
        pending_records: int = 10_000,
    ) -> None:
        self._file = AppendFile(os.fspath(path), run_id, is_forced=fsync != "never")
        self._fsync = fsync
        self._sync_later = Later(self._sync_beside)
        self._limit = pending_records
        self._pending: deque[bytes] = deque()
        self._failed_at: float | None = None
        # While a line is written a generator may be collected, and its attempt end in this thread.
        self._lock = threading.RLock()
        self._writing = False
        self._closed = False
        forks.in_child(self._start_anew)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the attempts among ``spans``; ``FAILURE`` where a line could not be kept."""
        kept = True
        for span in spans:
            try:
                record = own_record(span) or _rebuilt(span)
            except RecordError as error:
                health.lost.add("invalid_span", f"a span makes no record: {error.reason}")
                kept = False
            else:
                if record is not None:
                    kept &= self._keep(encode_line(record))
        return SpanExportResult.SUCCESS if kept else SpanExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - the SDK's signature
        """Try the lines that are pending; ``True`` where none is left."""
        with self._lock:
            self._file.close_if_moved()
            return self._write_pending() and self._sync()

    def shutdown(self) -> None:
        """Write what is pending and close; lines that are left are counted as lost."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._write_pending()
            self._sync()
            self._lose(len(self._pending), "log_unwritable", "the log could not be written")
            self._pending.clear()
            self._file.close()

    def _keep(self, line: bytes) -> bool:
        with self._lock:
            if self._closed:
                self._lose(1, "after_shutdown", "an attempt ended after shutdown")
                return False
            self._pending.append(line)
            is_full = len(self._pending) > self._limit
            if (is_full or self._is_due()) and self._write_pending():
                return True
            if not is_full:
                return True
            self._pending.pop()
            self._lose(1, "log_unwritable", f"more than {self._limit} lines are pending")
            return False

    def _is_due(self) -> bool:
        """Say whether the last failure is so long ago that another try is due."""
        return self._failed_at is None or time.monotonic() - self._failed_at >= _RETRY_AFTER_S

    def _write_pending(self) -> bool:
        if self._writing:
            return True  # the call that this one has interrupted writes this line too
        self._writing = True
        try:
            while self._pending:
                self._file.append(self._pending[0])
                self._pending.popleft()
                if self._fsync == "line":
                    self._sync()
                elif self._fsync == "second":
                    self._sync_later.ask()
        except OSError as error:
            self._warn_of(error)
            return False
        finally:
            self._writing = False
        if self._failed_at is not None:
            _log.warning("the log %s can be written again", self._file.path)
            self._failed_at = None
        return True

    def _sync(self) -> bool:
        try:
            self._file.sync()
        except OSError as error:
            self._tell_unsynced(error)
            return False
        return True

    def _tell_unsynced(self, error: OSError) -> None:
        health.faults.add("unsynced", f"{self._file.path} is not forced to the disk: {error}")

    def _sync_beside(self) -> None:
        """Force to the disk what is written while others go on writing."""
        with self._lock:
            descriptor = self._file.duplicate()
        if descriptor is None:
            return
        try:
            os.fsync(descriptor)
        except OSError as error:
            self._tell_unsynced(error)
        finally:
            os.close(descriptor)

    def _warn_of(self, error: OSError) -> None:
        """Tell the first failure in a row, and note when it was."""
        if self._failed_at is None:
            _log.warning(
                "the log %s cannot be written (%s): up to %d lines are kept in memory and tried "
                "again",
                self._file.path,
                error,
                self._limit,
            )
        self._failed_at = time.monotonic()

    def _lose(self, count: int, reason: str, detail: str) -> None:
        if count:
            health.lost.add(reason, detail, count)

    def _start_anew(self) -> None:
        self._lock = threading.RLock()
        self._writing = False
        self._pending.clear()  # the parent writes them
        self._failed_at = None
        self._sync_later.forget()
        self._file.after_fork()


def _rebuilt(span: ReadableSpan) -> AttemptRecord | None:
    record = rebuilt_record(span)
    # How many characters a limit has cut from a value cannot be seen.
    if record is not None and span.dropped_attributes:
        health.warned.add("attributes_cut", "a limit has cut attributes of an attempt")
    return record
