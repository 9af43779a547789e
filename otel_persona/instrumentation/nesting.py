"""What runs inside what: attempts and persona scopes in the OpenTelemetry context.

Contexts are attached and never detached by token: leaving attaches the outer context again. So
nothing is ever logged about a token of another task, and a context that never saw the start, such
as that of a task which closes somebody else's generator, is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context

_KEY = context_api.create_key("otel-persona-nested")


class Nested:
    """Something with a span that can be the current one: an attempt or a persona's scope."""

    outside: Context
    inside: Context
    _span: trace.Span
    _ended: bool = False

    def place(self, span: trace.Span, outside: Context) -> None:
        """Stand with ``span`` inside ``outside``."""
        self._span = span
        self.outside = outside
        self.inside = context_api.set_value(_KEY, self, trace.set_span_in_context(span, outside))

    @property
    def span(self) -> trace.Span:
        """The span, for attributes and events of the caller's own."""
        return self._span

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self._ended

    def enter(self) -> None:
        """Make the span the current one."""
        context_api.attach(self.inside)

    def leave(self) -> None:
        """Make current again what was so before, where this one is still the innermost."""
        for nested in _outward(context_api.get_current()):
            if nested is self:
                context_api.attach(_first_open(self.outside))
                return
            if not nested.ended:
                return


_N = TypeVar("_N", bound=Nested)


def innermost(kind: type[_N]) -> _N | None:
    """Give the innermost open one of this kind in the current context."""
    for nested in _outward(context_api.get_current()):
        if isinstance(nested, kind) and not nested.ended:
            return nested
    return None


def _outward(context: Context) -> Iterator[Nested]:
    nested = context_api.get_value(_KEY, context)
    while isinstance(nested, Nested):
        yield nested
        nested = context_api.get_value(_KEY, nested.outside)


def _first_open(context: Context) -> Context:
    """Step out of what has ended meanwhile."""
    nested = context_api.get_value(_KEY, context)
    while isinstance(nested, Nested) and nested.ended:
        context = nested.outside
        nested = context_api.get_value(_KEY, context)
    return context
