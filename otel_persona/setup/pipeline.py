"""Our processors on one tracer provider; the SDK can add processors but not remove them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor


class TakesProcessors(Protocol):
    """A tracer provider that processors can be added to, such as the SDK's."""

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """Add a processor."""


class Pipeline(SpanProcessor):
    """Stays on a provider for good, and passes spans to the processors now in use."""

    def __init__(self) -> None:
        self.use(())

    def use(self, processors: Sequence[SpanProcessor]) -> None:
        """Pass spans to these processors from now on."""
        self.processors = processors
        # Most of ours do nothing when a span starts.
        self._starting = [each for each in processors if _heeds_starts(each)]

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Pass on a span that starts."""
        for processor in self._starting:
            processor.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass on a span that ends."""
        for processor in self.processors:
            processor.on_end(span)

    def shutdown(self) -> None:
        """Shut the processors down."""
        for processor in self.processors:
            processor.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush every processor, even if one returns ``False``."""
        flushed = [processor.force_flush(timeout_millis) for processor in self.processors]
        return all(flushed)


def _heeds_starts(processor: SpanProcessor) -> bool:
    return type(processor).on_start is not SpanProcessor.on_start


_pipelines: WeakKeyDictionary[TakesProcessors, Pipeline] = WeakKeyDictionary()


def pipeline_on(provider: TakesProcessors) -> Pipeline:
    """Return our pipeline on this provider, adding it the first time."""
    pipeline = _pipelines.get(provider)
    if pipeline is None:
        pipeline = _pipelines[provider] = Pipeline()
        provider.add_span_processor(pipeline)
    return pipeline
