"""The scope of one persona: a parent span, and the number of each stage's attempts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import TracebackType

from opentelemetry import context as context_api
from opentelemetry import trace

from otel_persona.errors import UsageError
from otel_persona.instrumentation import outcomes, telemetry, values
from otel_persona.instrumentation.nesting import Nested, left_open
from otel_persona.interruptions import pass_on
from otel_persona.records import tallies
from otel_persona.semconv import PERSONA_SPAN, Attribute


class PersonaScope(Nested):
    """One persona's generation; use it in ``with`` or ``async with``, not in two at once."""

    def __init__(
        self, persona_id: str, *, tier: str | None, target: str | None, symbol: str | None
    ) -> None:
        self.persona_id = persona_id
        self.tier = tier
        self.target = target
        self.symbol = symbol
        # Counting is one step on a dict and one on a counter, so that no lock can be left held.
        self._counters: dict[tuple[str, str], Iterator[int]] = {}
        self._attempts: dict[tuple[str, str], int] = {}
        self._is_open = False

    def count(self, persona_id: str, stage: str) -> int:
        """Count one more attempt of this persona and stage; 1 is the first."""
        key = (persona_id, stage)
        number = next(self._counters.setdefault(key, itertools.count(1)))
        self._attempts[key] = max(number, self._attempts.get(key, 0))
        return number

    def __enter__(self) -> PersonaScope:
        """Start the scope's span; raises ``UsageError`` where the scope is open already."""
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
        optional = {
            Attribute.TIER: self.tier or in_use.settings.tier,
            Attribute.TARGET: self.target,
            Attribute.SYMBOL: self.symbol,
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
        """End the scope's span; an exception goes on its way."""
        try:
            self._close(error)
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.faults.add("scope", f"the persona's scope could not be ended: {fault!r}")

    def _close(self, error: BaseException | None) -> None:
        self.leave()
        self._is_open, self.ended = False, True
        for (persona_id, stage), attempts in list(self._attempts.items()):
            if persona_id == self.persona_id:
                self._span.set_attribute(Attribute.ATTEMPTS_PREFIX + stage, attempts)
        if error is not None:
            description = outcomes.describe(error)
            self._span.set_status(trace.StatusCode.ERROR, description)
        now_ns, _ = self._telemetry.read_clock()
        self._span.end(now_ns)

    async def __aenter__(self) -> PersonaScope:
        """Start the scope's span; raises ``UsageError`` where the scope is open already."""
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        """End the scope's span; an exception goes on its way."""
        self.__exit__(kind, error, trace_back)


def persona(
    persona_id: object,
    *,
    tier: str | None = None,
    target: str | None = None,
    symbol: str | None = None,
) -> PersonaScope:
    """Open the scope of one persona.

    Inside it attempts take its ``persona_id``, ``tier``, ``target`` and ``symbol`` unless they
    have their own; their spans stand below the scope's, and each stage's attempts are numbered
    from 1. ``target`` names what is generated, ``symbol`` the segment that the persona belongs to.
    An id that is empty, ``None`` or cannot be written is refused, and a new UUID takes its place.
    """
    return PersonaScope(
        values.identifier_or_new(persona_id, "persona_id"),
        tier=values.optional_text(tier, "tier"),
        target=values.optional_text(target, "target"),
        symbol=values.optional_text(symbol, "symbol"),
    )
