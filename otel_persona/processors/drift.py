"""The aggregation processor: folds every attempt into batch and tier figures as it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry._logs import LoggerProvider
from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from otel_persona.aggregation import BatchSummary, IndicatorChange
from otel_persona.concurrency import forks
from otel_persona.concurrency.interruptions import pass_on
from otel_persona.concurrency.serial_queue import SerialQueue
from otel_persona.errors import RecordError, UsageError
from otel_persona.mismatches import wrong_arguments
from otel_persona.processors.events import DriftEvents
from otel_persona.processors.gauges import gauges
from otel_persona.processors.streams import BatchReport, Streams
from otel_persona.records import AttemptRecord, tallies
from otel_persona.records.spans import record_of
from otel_persona.settings import Settings, given_or_loaded

OnBatch = Callable[[BatchSummary], object]
OnIndicatorChange = Callable[[IndicatorChange], object]

# Attempts that cannot close a batch wait for others: folding them in a row costs half as much.
_MOST_WAITING = 63


class DriftProcessor(SpanProcessor):
    """Folds the attempts among the spans, sampled or not, into batch and tier figures.

    Each run and tier is a separate stream, and each process folds and numbers its own batches.
    When a batch closes, the gauges show its figures, ``on_batch(summary)`` is called, and for each
    indicator whose band has changed, a ``persona.drift`` log event is emitted and
    ``on_indicator_change(change)`` is called: in batch order, one at a time, in a thread that ends
    an attempt. What a callback raises is logged and counted, never propagated.

    ``settings``, such as ``Settings(batch="attempts:100")``, say how batches are cut and which
    limits their figures are compared with; ``None`` means the settings file and the environment, as
    for ``configure``. Gauges and events go to ``meter_provider`` and ``logger_provider``; ``None``
    means the global ones.

    Memory is bounded by the open batches (one, or eight if the policy gives records a key) of at
    most 32 streams; attempts of further runs and tiers share one stream named ``other``.

    Raises ``SettingsError`` with every problem in the settings, and ``UsageError`` if another
    argument is wrong.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        on_batch: OnBatch | None = None,
        on_indicator_change: OnIndicatorChange | None = None,
        meter_provider: MeterProvider | None = None,
        logger_provider: LoggerProvider | None = None,
    ) -> None:
        problems = wrong_arguments(
            "DriftProcessor",
            on_batch=on_batch,
            on_indicator_change=on_indicator_change,
            meter_provider=meter_provider,
            logger_provider=logger_provider,
        )
        if told := "; ".join(problems):
            raise UsageError(told)
        self._settings = given_or_loaded(settings, "DriftProcessor")
        self._on_batch = on_batch
        self._on_indicator_change = on_indicator_change
        self._gauges = gauges.on(meter_provider)
        self._events = DriftEvents(logger_provider)
        self._over = False
        self._start_anew()
        forks.in_child(self._start_anew)

    def _start_anew(self) -> None:
        self._streams = Streams(self._settings)
        self._slack = 0
        self._arrived = SerialQueue(self._fold)
        self._closed = SerialQueue(self._tell)

    def on_end(self, span: ReadableSpan) -> None:
        """Fold in the span if it is an attempt's; after ``shutdown``, do nothing."""
        if self._over:
            return
        try:
            record = record_of(span)
        except RecordError as error:
            _reject(error)
            return
        if record is not None:
            waiting = self._arrived.put(record)
            if waiting > self._slack:
                self._work()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until all ended attempts are folded in; open batches stay open."""
        timeout_s = timeout_millis / 1000
        return self._arrived.finish(timeout_s) and self._closed.finish(timeout_s)

    def shutdown(self) -> None:
        """Close the open batches, as partial."""
        self._over = True
        self._arrived.put(None)
        self.force_flush()

    def _work(self) -> None:
        self._arrived.work()
        if self._closed:
            self._closed.work()

    def _fold(self, record: AttemptRecord | None) -> None:
        """Fold in one attempt; ``None`` closes all batches."""
        self._slack = 0  # until it is known again
        try:
            closed = self._streams.finish() if record is None else self._streams.add(record)
        except RecordError as error:
            _reject(error)
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.lost.add("internal", f"an attempt is not in the figures: {fault!r}")
        else:
            for report in closed:
                self._closed.put(report)
        if not self._arrived:
            self._slack = min(self._streams.slack(), _MOST_WAITING)

    def _tell(self, report: BatchReport) -> None:
        batch, tier, changes = report
        try:
            self._gauges.show(batch, tier, self._settings.label_values)
            for change in changes:
                self._events.tell(change)
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.faults.add("batch", f"a batch is not shown: {fault!r}")
        _call(self._on_batch, batch)
        for change in changes:
            _call(self._on_indicator_change, change)


def _reject(error: RecordError) -> None:
    tallies.rejected.add("figures", f"an attempt is not in the figures: {error.reason}")


def _call(callback: Callable[[Any], object] | None, argument: object) -> None:
    if callback is None:
        return
    try:
        callback(argument)
    except Exception as fault:  # noqa: BLE001 - the caller's own function
        pass_on(fault)
        tallies.faults.add("callback", f"a callback raised {fault!r}")
