"""Sampling that decides which traces are exported, but never what is counted."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState, get_current_span
from opentelemetry.util.types import Attributes

from otel_persona.records import open_attempts
from otel_persona.semconv import ATTEMPT_SPAN_PREFIX


class AttemptSampler(Sampler):
    """Wraps a sampler: an attempt that it drops is still recorded, just not sampled.

    The same holds for spans below an attempt while its token usage is read from them. ``root`` is
    the wrapped sampler, such as ``TraceIdRatioBased(0.1)``; it decides everything else.
    """

    def __init__(self, root: Sampler) -> None:
        self.root = root

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Ask ``root``; if it drops an attempt, or a span whose usage is wanted, record it."""
        result = self.root.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )
        if result.decision is not Decision.DROP:
            return result
        if name.startswith(ATTEMPT_SPAN_PREFIX) or _usage_is_wanted(parent_context):
            return SamplingResult(Decision.RECORD_ONLY, attributes, result.trace_state)
        return result

    def get_description(self) -> str:
        """Name this sampler and the one it wraps."""
        return f"AttemptSampler{{{self.root.get_description()}}}"


def _usage_is_wanted(parent_context: Context | None) -> bool:
    parent = get_current_span(parent_context).get_span_context()
    attempt = open_attempts.around(parent.span_id)
    return attempt is not None and attempt.reads_usage
