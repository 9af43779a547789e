"""Hands each attempt's span to an exporter as it ends."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter

from otel_persona.concurrency.interruptions import pass_on
from otel_persona.errors import UsageError
from otel_persona.mismatches import has_method
from otel_persona.records import tallies


@runtime_checkable
class _Finishes(Protocol):
    def finish(self, timeout_s: float) -> bool:
        """Shut down, and tell whether all was kept."""


class AttemptSpanProcessor(SpanProcessor):
    """Exports each span as it ends, in the thread that ends it, sampled or not.

    The SDK's own processors skip unsampled spans, and its batch processor loses its queue if the
    process dies. Meant for ``AttemptFileExporter`` and ``CohortExporter``, which pick out the
    attempts. Raises ``UsageError`` if ``exporter`` is not a span exporter.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        if not has_method(exporter, "export"):
            right = "a span exporter such as AttemptFileExporter(…)"
            raise UsageError(f"AttemptSpanProcessor: exporter must be {right}, not {exporter!r}")
        self._exporter = exporter

    def on_end(self, span: ReadableSpan) -> None:
        """Export the span; if the exporter fails, that is logged and counted."""
        try:
            self._exporter.export((span,))
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.lost.add("internal", f"{type(self._exporter).__name__} failed: {fault!r}")

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self._exporter.shutdown()

    def finish(self, timeout_s: float) -> bool:
        """Shut the exporter down; ``False`` if something was not kept, or not in time.

        The SDK's ``shutdown`` tells nothing and has no deadline, so ``CohortExporter`` has this
        too; of others the flush before it tells.
        """
        if isinstance(self._exporter, _Finishes):
            return self._exporter.finish(timeout_s)
        is_flushed = self.force_flush(int(timeout_s * 1000))
        self.shutdown()
        return is_flushed

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the exporter."""
        return self._exporter.force_flush(timeout_millis)
