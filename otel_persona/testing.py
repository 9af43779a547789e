"""Helpers for testing programs that generate personas: captures their telemetry in memory.

    from otel_persona.testing import capture

    def test_repairs_are_recorded():
        with capture() as captured:
            write_background("p1", "...")
        assert captured.records[0].repairs == ["trait_leak"]

The only global state it touches is this package's telemetry, and only during the block.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Unpack

from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import Tracer

from otel_persona.aggregation import BatchSummary, IndicatorChange
from otel_persona.errors import RecordError
from otel_persona.instrumentation import telemetry
from otel_persona.instrumentation.telemetry import Clock, Telemetry
from otel_persona.processors import AttemptSampler
from otel_persona.records import AttemptRecord
from otel_persona.records.spans import record_of
from otel_persona.settings import Settings, SettingValues, load_settings
from otel_persona.setup.attempt_processors import attempt_processors

__all__ = ["Captured", "capture"]


class Captured:
    """What the attempts produced, in the order in which they ended."""

    def __init__(self, settings: Settings, sampler: Sampler | None, clock: Clock | None) -> None:
        self._keeper = _Keeper()
        self._reader = InMemoryMetricReader()
        self._events = _EventKeeper()
        self.meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.logger_provider = LoggerProvider(shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(self._events)
        self.tracer_provider = TracerProvider(sampler, shutdown_on_exit=False)
        self.tracer_provider.sampler = AttemptSampler(self.tracer_provider.sampler)
        self.telemetry = Telemetry(
            settings,
            tracer_provider=self.tracer_provider,
            meter_provider=self.meter_provider,
            clock=clock,
        )
        self.batches: list[BatchSummary] = []
        self.changes: list[IndicatorChange] = []
        processors = attempt_processors(
            settings,
            self.telemetry.run_id,
            on_batch=self.batches.append,
            on_indicator_change=self.changes.append,
            meter_provider=self.meter_provider,
            logger_provider=self.logger_provider,
        )
        for processor in (self._keeper, *processors):
            self.tracer_provider.add_span_processor(processor)

    @property
    def records(self) -> Sequence[AttemptRecord]:
        """The attempts' records, including unsampled ones."""
        return self._keeper.records

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """All ended spans, of attempts and others, including unsampled ones."""
        return self._keeper.spans

    @property
    def events(self) -> Sequence[ReadWriteLogRecord]:
        """The log events; each one's ``log_record`` holds its name, severity and attributes."""
        return self._events.events

    def tracer(self, name: str = "test") -> Tracer:
        """Return a tracer whose spans are captured too."""
        return self.tracer_provider.get_tracer(name)

    def metric(self, name: str) -> Mapping[tuple[tuple[str, Any], ...], Any]:
        """Read a metric now: its data points by sorted labels; empty if there is none."""
        data = self._reader.get_metrics_data()
        return {
            tuple(sorted((point.attributes or {}).items())): point
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        }


class _EventKeeper(LogRecordProcessor):
    def __init__(self) -> None:
        self.events: list[ReadWriteLogRecord] = []

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self.events.append(log_record)

    def shutdown(self) -> None:
        """Keep the events."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - the SDK's signature
        return True


class _Keeper(SpanProcessor):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []
        self.records: list[AttemptRecord] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)
        with contextlib.suppress(RecordError):  # a span made by hand may not be a valid attempt
            record = record_of(span)
            if record is not None:
                self.records.append(record)


@contextmanager
def capture(
    *, sampler: Sampler | None = None, clock: Clock | None = None, **settings: Unpack[SettingValues]
) -> Iterator[Captured]:
    """Capture what the attempts in this block produce.

    ``settings`` and ``clock`` are as for ``configure``; the environment is not read, nothing is
    sent, and only ``log`` writes a file. ``sampler`` is the tracer provider's. Open batches are
    closed at the end of the block. Raises ``SettingsError`` as ``configure`` does.
    """
    captured = Captured(load_settings(settings, environ={}), sampler, clock)
    before = telemetry.installed()
    telemetry.install(captured.telemetry)
    try:
        yield captured
    finally:
        captured.tracer_provider.shutdown()
        telemetry.install(before)
