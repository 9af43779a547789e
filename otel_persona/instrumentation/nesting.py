"""What runs inside what: attempts and persona scopes in the OpenTelemetry context.

Contexts are attached and never detached by token: leaving attaches the outer context again. So
nothing is ever logged about a token of another task, and a context that never saw the start, such
as that of a task which closes somebody else's generator, is left as it is.
"""

from __future__ import annotations

from typing import TypeVar

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context

_KEY = context_api.create_key("otel-persona-nested")


class Nested:
    """Something with a span that can be the current one: an attempt or a persona's scope."""

    outside: Context
    inside: Context
    ended: bool = False
    """Whether it is over."""
    _span: trace.Span = trace.INVALID_SPAN

    def place(self, span: trace.Span, outside: Context) -> None:
        """Stand with ``span`` inside ``outside``."""
        self._span = span
        self.outside = outside
        self.inside = context_api.set_value(_KEY, self, trace.set_span_in_context(span, outside))

    @property
    def span(self) -> trace.Span:
        """The span, for attributes and events of the caller's own."""
        return self._span

    def enter(self) -> None:
        """Make the span the current one."""
        context_api.attach(self.inside)

    def leave(self) -> None:
        """Make current again what was so before, where this one is still the innermost."""
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
    """Give the innermost open one of this kind in the current context."""
    nested = _nested_in(context_api.get_current())
    while nested is not None:
        if isinstance(nested, kind) and not nested.ended:
            return nested
        nested = _nested_in(nested.outside)
    return None


def _nested_in(context: Context) -> Nested | None:
    """Give the innermost one of this context, open or ended."""
    nested = context.get(_KEY)
    return nested if isinstance(nested, Nested) else None


def left_open(context: Context) -> Context:
    """Step out of what has ended meanwhile, but of no span of others inside it.

    A ``with`` in a generator that its caller has left ends where the context cannot be set back.
    """
    nested = _nested_in(context)
    while nested is not None and nested.ended:
        if trace.get_current_span(context) is not nested.span:
            break
        context = nested.outside
        nested = _nested_in(context)
    return context
