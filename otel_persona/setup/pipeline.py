"""Our processors on one tracer provider; the SDK can add processors, and never take one away."""

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
    """Stands on a provider for good, and hands spans to the processors now in use."""

    def __init__(self) -> None:
        self.processors: Sequence[SpanProcessor] = ()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Hand on a span that starts."""
        for processor in self.processors:
            processor.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Hand on a span that ends."""
        for processor in self.processors:
            processor.on_end(span)

    def shutdown(self) -> None:
        """Shut the processors down."""
        for processor in self.processors:
            processor.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the processors, every one of them."""
        flushed = [processor.force_flush(timeout_millis) for processor in self.processors]
        return all(flushed)


_pipelines: WeakKeyDictionary[TakesProcessors, Pipeline] = WeakKeyDictionary()


def pipeline_on(provider: TakesProcessors) -> Pipeline:
    """Give our pipeline on this provider, which is added once."""
    pipeline = _pipelines.get(provider)
    if pipeline is None:
        pipeline = _pipelines[provider] = Pipeline()
        provider.add_span_processor(pipeline)
    return pipeline
