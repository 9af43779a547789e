"""Spans and events that wait to be sent: the SDK's batch processors, with a count of what is lost.

The SDK's queues drop their oldest items once they are full, and nobody learns how many. Here an
item that finds the queue full is refused, and counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.sdk._logs import ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    LogRecordExporter,
    LogRecordExportResult,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from otel_persona.concurrency import forks
from otel_persona.delivery.counted_exporter import CountedExporter
from otel_persona.delivery.variables import positive

_SIZE = 2_048
_BATCH = 512
_SPAN_DELAY_MS = 5_000
_EVENT_DELAY_MS = 1_000


class SpanQueue(BatchSpanProcessor):
    """Sends sampled spans in batches through the exporter that ``make`` gives.

    It reads the variables ``OTEL_BSP_*``; a batch is never larger than the queue.
    """

    def __init__(self, make: Callable[[], SpanExporter]) -> None:
        self._exporter = CountedExporter("traces", make)
        self._room = _Room(self._exporter, positive("OTEL_BSP_MAX_QUEUE_SIZE", _SIZE))
        super().__init__(
            _SpanSender(self._exporter, self._room),
            max_queue_size=self._room.size,
            schedule_delay_millis=positive("OTEL_BSP_SCHEDULE_DELAY", _SPAN_DELAY_MS),
            max_export_batch_size=min(
                positive("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", _BATCH), self._room.size
            ),
        )

    def on_end(self, span: ReadableSpan) -> None:
        """Let the span wait for the next batch, if it is sampled and there is room."""
        if span.context is not None and span.context.trace_flags.sampled and self._room.enter():
            super().on_end(span)

    def force_flush(self, timeout_millis: int | None = None) -> bool:
        """Send what is waiting; ``False`` if not all of it arrives."""
        failures = self._exporter.failures
        return super().force_flush(timeout_millis) and self._exporter.failures == failures


class EventQueue(BatchLogRecordProcessor):
    """Sends log records in batches through the exporter that ``make`` gives.

    It reads the variables ``OTEL_BLRP_*``; a batch is never larger than the queue.
    """

    def __init__(self, make: Callable[[], LogRecordExporter]) -> None:
        self._exporter = CountedExporter("logs", make)
        self._room = _Room(self._exporter, positive("OTEL_BLRP_MAX_QUEUE_SIZE", _SIZE))
        super().__init__(
            _EventSender(self._exporter, self._room),
            max_queue_size=self._room.size,
            schedule_delay_millis=positive("OTEL_BLRP_SCHEDULE_DELAY", _EVENT_DELAY_MS),
            max_export_batch_size=min(
                positive("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", _BATCH), self._room.size
            ),
        )

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Let the log record wait for the next batch, if there is room."""
        if self._room.enter():
            super().on_emit(log_record)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is waiting; ``False`` if not all of it arrives."""
        failures = self._exporter.failures
        return super().force_flush(timeout_millis) and self._exporter.failures == failures


class _Room:
    """The room in a queue: ``size`` items, of which each enters and leaves."""

    def __init__(self, exporter: CountedExporter[Any], size: int) -> None:
        self.size = size
        self._exporter = exporter
        self._is_closed = False
        self._start_empty()
        forks.in_child(self._start_empty)

    def enter(self) -> bool:
        """Take a place for one item; ``False``, and counted as lost, if there is none."""
        if self._is_closed:
            return False
        with self._lock:
            has_place = self._taken < self.size
            self._taken += has_place
        if not has_place:
            self._exporter.note_overrun()
        return has_place

    def close(self) -> None:
        """Let nobody in from now on; what comes too late is not lost on the way."""
        self._is_closed = True

    def leave(self, count: int) -> None:
        """Give the places of items back that are being sent."""
        with self._lock:
            self._taken -= count

    def _start_empty(self) -> None:
        # A generator collected while the lock is held may end its attempt in this thread.
        self._lock = threading.RLock()
        self._taken = 0


class _SpanSender(SpanExporter):
    def __init__(self, exporter: CountedExporter[SpanExporter], room: _Room) -> None:
        self._exporter = exporter
        self._room = room

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send the spans."""
        self._room.leave(len(spans))
        arrived = self._exporter.send(spans, lost=len(spans))
        return SpanExportResult.SUCCESS if arrived else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self._room.close()
        self._exporter.shutdown()


class _EventSender(LogRecordExporter):
    def __init__(self, exporter: CountedExporter[LogRecordExporter], room: _Room) -> None:
        self._exporter = exporter
        self._room = room

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Send the log records."""
        self._room.leave(len(batch))
        arrived = self._exporter.send(batch, lost=len(batch))
        return LogRecordExportResult.SUCCESS if arrived else LogRecordExportResult.FAILURE

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self._room.close()
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - the SDK's signature
        """Return ``True``: nothing waits here."""
        return True
