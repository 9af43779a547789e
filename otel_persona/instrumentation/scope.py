"""The scope of one persona: a parent span, and the numbering of each stage's attempts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import TracebackType

from opentelemetry import context as context_api
from opentelemetry import trace

from otel_persona.concurrency.interruptions import pass_on
from otel_persona.errors import UsageError
from otel_persona.instrumentation import outcomes, telemetry, values
from otel_persona.instrumentation.nesting import Nested, left_open
from otel_persona.instrumentation.subjects import completed
from otel_persona.records import tallies
from otel_persona.semconv import PERSONA_SPAN, Attribute


class PersonaScope(Nested):
    """One persona's generation; use it in ``with`` or ``async with``, one at a time."""

    def __init__(
        self, persona_id: str, *, tier: str | None, target: str | None, symbol: str | None
    ) -> None:
        self.persona_id = persona_id
        self.tier = tier
        self.target = target
        self.symbol = symbol
        # Counting is one step on a dict and one on a counter, so it needs no lock that could stick.
        self._counters: dict[tuple[str, str], Iterator[int]] = {}
        self._attempts: dict[tuple[str, str], int] = {}
        self._is_open = False

    def count(self, persona_id: str, stage: str) -> int:
        """Count one more attempt of this persona and stage, and return its number, from 1."""
        key = (persona_id, stage)
        number = next(self._counters.setdefault(key, itertools.count(1)))
        self._attempts[key] = max(number, self._attempts.get(key, 0))
        return number

    def __enter__(self) -> PersonaScope:
        """Start the scope's span; raises ``UsageError`` if the scope is already open."""
        if self._is_open:
            raise UsageError(
                f"the scope of persona {self.persona_id!r} is open already; make another one with "
                "persona(…)"
            )
        self._is_open, self.ended = True, False
        try:
            self._open()
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.faults.add("scope", f"the persona's scope could not be started: {fault!r}")
        return self

    def _open(self) -> None:
        in_use = telemetry.in_use()
        target, symbol = completed(self.target, self.symbol, in_use.settings)
        optional = {
            Attribute.TIER: self.tier or in_use.settings.tier,
            Attribute.TARGET: target,
            Attribute.SYMBOL: symbol,
        }
        outside = left_open(context_api.get_current())
        now_ns, _ = in_use.read_clock()
        span = in_use.tracer.start_span(
            PERSONA_SPAN,
            outside,
            attributes={
                Attribute.PERSONA_ID: self.persona_id,
                Attribute.RUN_ID: in_use.run_id,
                **{name: value for name, value in optional.items() if value is not None},
            },
            start_time=now_ns,
        )
        self._telemetry = in_use
        self.place(span, outside)
        self.enter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        """End the scope's span; an exception propagates."""
        try:
            self._close(error)
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.faults.add("scope", f"the persona's scope could not be ended: {fault!r}")

    def _close(self, error: BaseException | None) -> None:
        self._is_open, self.ended = False, True
        self.leave()
        for (persona_id, stage), attempts in list(self._attempts.items()):
            if persona_id == self.persona_id:
                self._span.set_attribute(Attribute.ATTEMPTS_PREFIX + stage, attempts)
        if error is not None:
            description = outcomes.describe(error)
            self._span.set_status(trace.StatusCode.ERROR, description)
        now_ns, _ = self._telemetry.read_clock()
        self._span.end(now_ns)

    async def __aenter__(self) -> PersonaScope:
        """Start the scope's span; raises ``UsageError`` if the scope is already open."""
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        """End the scope's span; an exception propagates."""
        self.__exit__(kind, error, trace_back)


def persona(
    persona_id: object,
    *,
    tier: str | None = None,
    target: str | None = None,
    symbol: str | None = None,
) -> PersonaScope:
    """Open the scope of one persona.

    Attempts inside it use its ``persona_id``, ``target`` and ``symbol`` unless they have their
    own, and its ``tier``; their spans are below the scope's, and each stage's attempts are numbered
    from 1. An id that is empty, ``None`` or cannot be written is rejected and replaced by a new
    UUID.

    The rest is free text, by default none. ``tier`` is the name under which figures are grouped,
    such as ``25K``; if not given, the settings decide. ``target`` is what is generated, such as a
    data set or a field; ``symbol`` is the segment the persona belongs to, such as a region, locale,
    model or provider.
    """
    return PersonaScope(
        values.identifier_or_new(persona_id, "persona_id"),
        tier=values.optional_text(tier, "tier"),
        target=values.optional_text(target, "target"),
        symbol=values.optional_text(symbol, "symbol"),
    )
