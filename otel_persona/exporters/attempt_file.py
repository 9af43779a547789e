"""Writes one JSON line per attempt, before the attempt's call returns."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_persona.concurrency import forks
from otel_persona.concurrency.interruptions import pass_on
from otel_persona.concurrency.serial_queue import waits_for_this_thread
from otel_persona.errors import RecordError, UsageError
from otel_persona.exporters import claims
from otel_persona.exporters.append_file import AppendFile
from otel_persona.exporters.later import Later
from otel_persona.mismatches import find_mismatch
from otel_persona.records import AttemptRecord, encode_line, tallies
from otel_persona.records.spans import own_record, rebuilt_record
from otel_persona.settings import Fsync, LogPath, PendingRecords, RunId

_log = logging.getLogger("otel_persona")
_KINDS = {
    "path": LogPath,
    "run_id": RunId | None,
    "fsync": Fsync,
    "pending_records": PendingRecords,
}
_RETRY_AFTER_S = 1.0
# A path that is invalid on every system raises ValueError.
_UNWRITABLE = (OSError, ValueError)


class AttemptFileExporter(SpanExporter):
    """Writes one JSON line for each attempt among the spans, and ignores all other spans.

    Put it behind ``AttemptSpanProcessor``: each line is then handed to the operating system before
    the decorated call returns, including unsampled attempts. Many processes may append to one
    ``path``; ``{pid}`` and ``{run_id}`` in it make shards. ``run_id`` fills in the latter; without
    it ``OTEL_PERSONA_RUN_ID`` does. ``fsync`` says when lines are forced to the disk: ``never``,
    within a ``second`` (in a separate thread, so that nobody waits for the disk), or each ``line``
    before the call returns. Several exporters of one process write each span once to a file.

    If the file cannot be written, one warning is logged, and up to ``pending_records`` lines (from
    0) are kept in memory and retried, at most once a second and at every flush. What does not fit
    is counted in ``persona.records.lost``.

    Raises ``UsageError`` if an argument is wrong, or nothing fills in ``{run_id}``.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        run_id: str | None = None,
        fsync: Fsync = "never",
        pending_records: int = 10_000,
    ) -> None:
        path = os.fspath(path) if isinstance(path, os.PathLike) else path
        run_id = run_id if run_id is not None else os.environ.get("OTEL_PERSONA_RUN_ID") or None
        _refuse_wrong(path=path, run_id=run_id, fsync=fsync, pending_records=pending_records)
        if run_id is None and "{run_id}" in path:
            raise UsageError(
                f"AttemptFileExporter: nothing fills in {{run_id}} of the path {path!r}; "
                "give run_id, or set OTEL_PERSONA_RUN_ID"
            )
        self._file = AppendFile(path, run_id or "", is_forced=fsync != "never")
        self._fsync = fsync
        self._sync_later = Later(self._sync_beside)
        self._limit = pending_records
        self._pending: deque[bytes] = deque()
        self._failed_at: float | None = None
        # A generator may be collected during a write, which ends its attempt in this thread.
        self._lock = threading.RLock()
        self._holder: int | None = None
        self._writing = False
        self._closed = False
        self._untold: deque[Callable[[], None]] = deque()
        claims.join(self)
        forks.in_child(self._start_anew)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the attempts among ``spans``; ``FAILURE`` if a line could not be kept."""
        kept = True
        for span in spans:
            if claims.are_needed():
                kept &= claims.write_once(self._file.path, span, self._export)
            else:
                kept &= self._export(span)
        return SpanExportResult.SUCCESS if kept else SpanExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Write the pending lines and sync; ``False`` if that fails or takes too long."""
        return self._in_turn(self._flush, timeout_millis / 1000)

    def shutdown(self) -> None:
        """Write the pending lines and close; lines still left are counted as lost.

        An attempt that ends later still gets its line if it can be written at once.
        """
        self._closed = True
        self._in_turn(self._close)

    def _export(self, span: ReadableSpan) -> bool:
        """Write the span's line if it is an attempt's; ``False`` if it could not be kept."""
        try:
            record = own_record(span) or _rebuilt(span)
        except RecordError as error:
            tallies.lost.add("invalid_span", f"a span makes no record: {error.reason}")
            return False
        return record is None or self._keep(encode_line(record))

    def _keep(self, line: bytes) -> bool:
        """Write a line before the attempt's call returns, or keep it for later."""
        with self._lock:
            outer = self._holder
            self._holder = threading.get_ident()
            try:
                kept = self._write(line)
            finally:
                self._holder = outer
        if self._untold and outer is None:
            self._tell_all()
        return kept

    def _in_turn(self, do: Callable[[], bool], timeout_s: float = -1) -> bool:
        """Call ``do`` while holding the lock; ``False`` if the lock could not be had in time.

        Does not wait for what this thread itself interrupted, nor for a thread waiting for this
        one. Messages are logged after the lock is released: a logging handler may wait for it.
        """
        if self._holder == threading.get_ident() or waits_for_this_thread(self._holder):
            return False
        if not self._lock.acquire(timeout=timeout_s):
            return False
        outer = self._holder
        try:
            self._holder = threading.get_ident()
            done = do()
        finally:
            self._holder = outer
            self._lock.release()
        if outer is None:
            self._tell_all()
        return done

    def _tell_all(self) -> None:
        while self._untold:
            self._untold.popleft()()

    def _write(self, line: bytes) -> bool:
        if self._writing:
            return self._write_beside(line)
        self._pending.append(line)
        is_full = len(self._pending) > self._limit or self._closed
        if (self._failed_at is None or is_full or self._is_due()) and self._write_pending():
            if self._closed:
                self._file.close()
            return True
        if len(self._pending) <= self._limit and not self._closed:
            return True
        self._pending.pop()
        self._lose(1, "no more lines may wait for the log")
        return False

    def _write_beside(self, line: bytes) -> bool:
        """Write the line of an attempt that ended while this thread is writing another."""
        try:
            self._append(line)
        except _UNWRITABLE:
            self._pending.append(line)  # the interrupted call will write it
        return True

    def _flush(self) -> bool:
        self._file.look()
        return self._write_pending() and self._sync()

    def _close(self) -> bool:
        done = self._flush()
        self._lose(len(self._pending), "the log could not be written")
        self._pending.clear()
        self._file.close()
        return done

    def _is_due(self) -> bool:
        """Return whether the last failure is long enough ago for another try."""
        return time.monotonic() - (self._failed_at or 0) >= _RETRY_AFTER_S

    def _write_pending(self) -> bool:
        self._writing = True
        wrote = False
        try:
            while self._pending:
                self._write_first()
                wrote = True
        except _UNWRITABLE as error:
            pass_on(error)
            self._note_failure(error)
            return False
        finally:
            self._writing = False
        if wrote and self._failed_at is not None:
            self._failed_at = None
            self._tell("the log %s can be written again", self._file.path)
        return True

    def _write_first(self) -> None:
        # Taken out first: an interruption after the write must not have it written twice.
        line = self._pending.popleft()
        try:
            self._append(line)
        except _UNWRITABLE:
            self._pending.appendleft(line)
            raise

    def _append(self, line: bytes) -> None:
        self._file.append(line)
        if self._fsync == "line":
            self._sync()
        elif self._fsync == "second":
            self._sync_later.ask()

    def _sync(self) -> bool:
        try:
            self._file.sync()
        except OSError as error:
            self._untold.append(partial(self._count_unsynced, error))
            return False
        return True

    def _sync_beside(self) -> None:
        """Force what was written to the disk without blocking further writes."""
        with self._lock:
            descriptor = self._file.duplicate()
        if descriptor is None:
            return
        try:
            os.fsync(descriptor)
        except OSError as error:
            self._count_unsynced(error)
        finally:
            os.close(descriptor)

    def _count_unsynced(self, error: OSError) -> None:
        tallies.faults.add("unsynced", f"{self._file.path} is not forced to the disk: {error}")

    def _note_failure(self, error: Exception) -> None:
        """Note when a line could not be written, and log the first failure in a row."""
        if self._failed_at is None:
            self._tell(
                "the log %s cannot be written (%s): up to %d lines are kept in memory and tried "
                "again",
                self._file.path,
                error,
                self._limit,
            )
        self._failed_at = time.monotonic()

    def _tell(self, message: str, *arguments: object) -> None:
        self._untold.append(partial(_log.warning, message, *arguments))

    def _lose(self, count: int, detail: str) -> None:
        if count:
            self._untold.append(partial(tallies.lost.add, "log_unwritable", detail, count))

    def _start_anew(self) -> None:
        self._lock = threading.RLock()
        self._holder = None
        self._writing = False
        self._pending.clear()  # the parent writes them
        self._untold.clear()
        self._failed_at = None
        self._sync_later.forget()
        self._file.after_fork()


def _refuse_wrong(**given: object) -> None:
    for name, value in given.items():
        mismatch = find_mismatch(value, _KINDS[name])
        if mismatch is not None:
            raise UsageError(f"AttemptFileExporter: {name} must be {mismatch.right}, not {value!r}")


def _rebuilt(span: ReadableSpan) -> AttemptRecord | None:
    record = rebuilt_record(span)
    # A value shortened by a limit cannot be detected.
    if record is not None and span.dropped_attributes:
        tallies.warned.add("attributes_cut", "a limit has cut attributes of an attempt")
    return record
