"""Token usage of an attempt, from the spans below it, such as a provider's instrumentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from otel_persona.records import LARGEST_COUNT, open_attempts
from otel_persona.semconv import Attribute


class UsageProcessor(SpanProcessor):
    """Sums ``gen_ai.usage.*`` of the spans below each attempt, if the caller records none.

    If spans with usage are nested, such as a framework's span around a provider's, only the
    innermost counts, so that nothing is counted twice.
    """

    def on_start(
        self,
        span: Span,
        parent_context: Context | None = None,  # noqa: ARG002 - the SDK's signature
    ) -> None:
        """Note which attempt the span is below."""
        if span.parent is None:
            return
        attempt = open_attempts.around(span.parent.span_id)
        if attempt is not None:
            open_attempts.add_child(span.get_span_context().span_id, attempt)

    def on_end(self, span: ReadableSpan) -> None:
        """Add the span's usage, unless a span below it already reported it."""
        if span.parent is None or span.context is None:
            return
        attempt = open_attempts.around(span.parent.span_id)
        if attempt is None or not attempt.reads_usage:
            return
        attributes = span.attributes or {}
        usage = _usage(attributes)
        is_counted = span.context.span_id in attempt.counted
        # A nested attempt keeps its own tokens.
        if usage is not None and not is_counted and Attribute.STAGE not in attributes:
            _add(attempt, usage, attributes)
        if usage is not None or is_counted:
            attempt.counted.add(span.parent.span_id)


def _add(
    attempt: open_attempts.OpenAttempt, usage: tuple[int, int], attributes: Mapping[str, Any]
) -> None:
    attempt.prompt_tokens += usage[0]
    attempt.completion_tokens += usage[1]
    attempt.has_usage = True
    model = attributes.get(Attribute.REQUEST_MODEL, attributes.get(Attribute.RESPONSE_MODEL))
    if isinstance(model, str):
        attempt.model = model


def _usage(attributes: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return prompt and completion tokens; ``None`` if there is neither."""
    prompt = _tokens(attributes.get(Attribute.INPUT_TOKENS))
    completion = _tokens(attributes.get(Attribute.OUTPUT_TOKENS))
    return None if prompt is None and completion is None else (prompt or 0, completion or 0)


def _tokens(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
        return value
    return None
