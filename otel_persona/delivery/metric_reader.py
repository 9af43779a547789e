"""Collects metrics at an interval and sends them, each process its own.

The SDK's periodic reader goes on in a forked child with what its parent has counted, so that a
collector gets it twice; and a fork in the middle of a collection leaves the child a lock that
nobody releases. Here a fork waits for the collection (not for the sending), and a child's reader
starts empty.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    InMemoryMetricReader,
    MetricExporter,
    MetricsData,
)

from otel_persona.concurrency import forks
from otel_persona.delivery.counted_exporter import CountedExporter
from otel_persona.delivery.variables import positive

_INTERVAL_MS = 60_000
_LONGEST_WAIT_MS = int(threading.TIMEOUT_MAX) * 1000
_MOST_WAIT_S = 1.0


class SendingMetricReader(InMemoryMetricReader):
    """Sends every ``OTEL_METRIC_EXPORT_INTERVAL`` ms through one exporter.

    In a forked child, put its ``successor`` in its place.
    """

    def __init__(self, exporter: CountedExporter[MetricExporter], *preferred: Any) -> None:
        super().__init__(*preferred)
        self._exporter = exporter
        self._preferred = preferred
        self._sending = threading.Lock()
        self._collecting = threading.RLock()
        self._over = threading.Event()
        forks.around(self._hold_collecting, self._go_on_collecting)
        threading.Thread(target=self._tick, name="otel-persona-metrics", daemon=True).start()

    @classmethod
    def through(cls, make: Callable[[], MetricExporter]) -> SendingMetricReader:
        """Make the reader that sends through the exporter that ``make`` gives."""
        exporter = CountedExporter("metrics", make)
        made: Any = exporter.current
        # The SDK's own reader asks its exporter the same way; there is no public one.
        return cls(
            exporter,
            getattr(made, "_preferred_temporality", None),
            getattr(made, "_preferred_aggregation", None),
        )

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Collect and send now; ``False`` if it does not arrive, or a sending takes longer."""
        if self._over.is_set():
            return True
        if not self._sending.acquire(timeout=timeout_millis / 1000):
            return False
        try:
            with self._collecting:
                collected = self.get_metrics_data()
            return collected is None or self._exporter.send(collected, _lost_with(collected))
        finally:
            self._sending.release()

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:  # noqa: ARG002 - the SDK's signature
        """Send the last figures, and stop."""
        self.force_flush(timeout_millis)
        self.stop()

    def stop(self) -> None:
        """Collect and send no more; nothing happens if this reader has a successor."""
        if not self._over.is_set():
            self._over.set()
            self._exporter.shutdown()

    def successor(self) -> SendingMetricReader:
        """Make the reader of a forked child; this one, its parent's, is over there.

        The exporter is handed over as it is: neither is the parent's connection closed nor another
        opened within a fork, where gRPC may wait for threads that only the parent has.
        """
        self._over.set()
        return SendingMetricReader(self._exporter, *self._preferred)

    def _tick(self) -> None:
        interval_ms = positive("OTEL_METRIC_EXPORT_INTERVAL", _INTERVAL_MS)
        while not self._over.wait(min(interval_ms, _LONGEST_WAIT_MS) / 1000):
            self.force_flush()

    def _hold_collecting(self) -> None:
        self._collecting.acquire(timeout=_MOST_WAIT_S)

    def _go_on_collecting(self) -> None:
        with contextlib.suppress(RuntimeError):  # not held: the wait was over before
            self._collecting.release()


def _lost_with(collected: MetricsData) -> int:
    """Count the points that no later collection brings again: those of deltas."""
    return sum(
        len(metric.data.data_points)
        for resource in collected.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if getattr(metric.data, "aggregation_temporality", None) is AggregationTemporality.DELTA
    )
