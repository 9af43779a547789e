"""What runs inside what: attempts and persona scopes in the OpenTelemetry context.

Contexts are never detached by token; leaving re-attaches the outer context instead. So nothing is
ever logged about another task's token, and a context that did not see the start, such as that of a
task closing someone else's generator, is left alone.
"""

from __future__ import annotations

from typing import TypeVar

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context

_KEY = context_api.create_key("otel-persona-nested")


class Nested:
    """Something whose span can be the current one: an attempt or a persona's scope."""

    outside: Context
    inside: Context
    ended: bool = False
    """Whether it has ended."""
    _span: trace.Span = trace.INVALID_SPAN

    def place(self, span: trace.Span, outside: Context) -> None:
        """Set the span, and the context ``outside`` it."""
        self._span = span
        self.outside = outside
        self.inside = context_api.set_value(_KEY, self, trace.set_span_in_context(span, outside))

    @property
    def span(self) -> trace.Span:
        """The span, for the caller's own attributes and events."""
        return self._span

    def enter(self) -> None:
        """Make the span current."""
        context_api.attach(self.inside)

    def leave(self) -> None:
        """Restore what was current before, if this is still the innermost."""
        context = context_api.get_current()
        if context is self.inside or self._is_innermost_in(context):
            context_api.attach(left_open(self.outside))

    def _is_innermost_in(self, context: Context) -> bool:
        nested = _nested_in(context)
        while nested is not None and nested is not self and nested.ended:
            nested = _nested_in(nested.outside)
        return nested is self


_N = TypeVar("_N", bound=Nested)


def innermost(kind: type[_N]) -> _N | None:
    """Return the innermost one of this kind that is open in the current context."""
    nested = _nested_in(context_api.get_current())
    while nested is not None:
        if isinstance(nested, kind) and not nested.ended:
            return nested
        nested = _nested_in(nested.outside)
    return None


def _nested_in(context: Context) -> Nested | None:
    """Return the innermost one in this context, open or ended."""
    nested = context.get(_KEY)
    return nested if isinstance(nested, Nested) else None


def left_open(context: Context) -> Context:
    """Step out of attempts and scopes that have ended, unless another span is current inside.

    A ``with`` in an abandoned generator ends where it cannot restore the context.
    """
    nested = _nested_in(context)
    while nested is not None and nested.ended:
        if trace.get_current_span(context) is not nested.span:
            break
        context = nested.outside
        nested = _nested_in(context)
    return context
