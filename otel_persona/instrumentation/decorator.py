"""``attempt(...)``: one object for decorating, ``with`` and ``async with``."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, overload

from otel_persona.concurrency.interruptions import pass_on
from otel_persona.errors import UsageError
from otel_persona.instrumentation import telemetry, values
from otel_persona.instrumentation.calls import wrap
from otel_persona.instrumentation.nesting import innermost
from otel_persona.instrumentation.persona_id import finder
from otel_persona.instrumentation.running_attempt import IDLE, Attempt
from otel_persona.instrumentation.scope import PersonaScope
from otel_persona.instrumentation.subjects import completed
from otel_persona.instrumentation.telemetry import Telemetry
from otel_persona.records import LARGEST_COUNT, AttemptRecord, tallies

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")


class AttemptUse:
    """What ``attempt(...)`` returns: decorate with it or enter it, as often as needed."""

    def __init__(
        self,
        stage: str,
        persona_id: object,
        persona_id_from: str | Callable[..., object] | None,
        number: int | None,
        target: str | None,
        symbol: str | None,
        model: str | None,
    ) -> None:
        self._stage = stage
        self._persona_id = persona_id
        self._persona_id_from = persona_id_from
        self._number = number
        self._target = target
        self._symbol = symbol
        self._model = model
        self._entered: list[Attempt] = []

    @overload
    def __call__(self, function: classmethod[_T, _P, _R]) -> classmethod[_T, _P, _R]: ...
    @overload
    def __call__(self, function: staticmethod[_P, _R]) -> staticmethod[_P, _R]: ...
    @overload
    def __call__(self, function: Callable[_P, _R]) -> Callable[_P, _R]: ...
    def __call__(self, function: Any) -> Any:
        """Decorate any kind of function or method; each call of it is an attempt.

        Raises ``UsageError`` if ``function`` is a class, cannot be called, or lacks the argument
        that ``persona_id_from`` names.
        """
        if isinstance(function, classmethod | staticmethod):
            return type(function)(self(function.__func__))
        if not callable(function) or isinstance(function, type):
            raise UsageError(f"attempt(...) decorates functions and methods, not {function!r}")
        find = finder(function, self._persona_id_from)

        def start(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Attempt:
            try:
                found = find(args, kwargs) if self._persona_id is None else None
            except Exception as fault:  # noqa: BLE001 - the caller's function, or odd arguments
                pass_on(fault)
                tallies.rejected.add("persona_id", f"persona_id_from failed: {fault!r}")
                found = None
            return self._start(found)

        return wrap(function, start)

    def __enter__(self) -> Attempt:
        """Start an attempt; raises ``UsageError`` if ``persona_id_from`` was given."""
        if self._persona_id_from is not None:
            raise UsageError("persona_id_from needs a function's arguments; give persona_id here")
        attempt = self._start(None)
        attempt.enter()
        self._entered.append(attempt)
        return attempt

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        """End the attempt; an exception propagates."""
        attempt = self._take_entered()
        attempt.leave()
        attempt.end(error)

    async def __aenter__(self) -> Attempt:
        """Start an attempt; raises ``UsageError`` if ``persona_id_from`` was given."""
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        """End the attempt; an exception propagates."""
        self.__exit__(kind, error, trace_back)

    def _take_entered(self) -> Attempt:
        """Find which entered attempt is ending: tasks and threads may share this object."""
        here = innermost(Attempt)
        attempt = here if here in self._entered else self._entered[-1]
        self._entered.remove(attempt)
        return attempt

    def _start(self, found: object) -> Attempt:
        try:
            in_use = telemetry.in_use()
            return Attempt(in_use, self._draft(found, in_use))
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.lost.add("internal", f"the attempt could not be started: {fault!r}")
            return IDLE

    def _draft(self, found: object, in_use: Telemetry) -> AttemptRecord:
        scope = innermost(PersonaScope)
        given = self._persona_id if self._persona_id is not None else found
        if given is None:
            given = scope.persona_id if scope is not None else str(uuid.uuid4())
        persona_id = values.identifier_or_new(given, "persona_id")
        number, tier = self._number, in_use.settings.tier
        target, symbol = self._target, self._symbol
        if scope is not None:
            counted = scope.count(persona_id, self._stage)
            number = number or counted
            tier = scope.tier or tier
            target = target or scope.target
            symbol = symbol or scope.symbol
        target, symbol = completed(target, symbol, in_use.settings)
        # The timestamp, latency and outcome are filled in at the end.
        return AttemptRecord(
            ts="",
            run_id=in_use.run_id,
            persona_id=persona_id,
            stage=self._stage,
            attempt=number or 1,
            status="success",
            latency_ms=0,
            prompt_tokens=0,
            completion_tokens=0,
            repairs=[],
            validator_scores={},
            opening_move=None,
            constraint_categories=[],
            anchors_used=[],
            error=None,
            tier=tier,
            target=target,
            symbol=symbol,
            model=self._model,
        )


def attempt(
    *,
    stage: str,
    persona_id: object = None,
    persona_id_from: str | Callable[..., object] | None = None,
    number: int | None = None,
    target: str | None = None,
    symbol: str | None = None,
    model: str | None = None,
) -> AttemptUse:
    """Record an attempt to generate a persona; use as a decorator, ``with`` or ``async with``.

    ``stage`` is one that the settings declare (by default ``B``, ``C``, ``validation``). The
    persona is ``persona_id``; else what ``persona_id_from`` finds (the name of an argument, or a
    callable that gets the call's arguments); else the argument called ``persona_id``; else the
    scope's; else a new UUID. ``number``, from 1 to 2**53, is the attempt's number if a retry
    library counts; else the persona's scope counts, and without a scope it is 1.

    The rest is free text, by default none. ``target`` is what is generated, such as a data set or
    a field; ``symbol`` is the segment the attempt belongs to, such as a region, locale, model or
    provider; if not given, each is the scope's, else that of the entry ``persona.target`` or
    ``persona.symbol`` of OpenTelemetry's baggage, else the settings'. ``model`` is the model
    requested. The tier, under which figures are grouped, is the scope's, else the settings'.

    Raises ``UsageError`` if the arguments cannot work, and ``SettingsError`` if the environment's
    settings are wrong.
    """
    stages = telemetry.known_settings().stages
    if stage not in stages:
        raise UsageError(
            f"stage {stage!r} is not declared; there are {', '.join(stages)}. Declare it before "
            "this line: in OTEL_PERSONA_STAGES, in the file that OTEL_PERSONA_SETTINGS names, or "
            "in configure(stages=…)"
        )
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise UsageError(f"number={number!r}: a whole number from 1 is right")
    if number is not None and not 1 <= number <= LARGEST_COUNT:
        raise UsageError(f"number={number!r}: attempts are counted from 1, up to 2**53")
    if not (isinstance(persona_id_from, str | None) or callable(persona_id_from)):
        raise UsageError(
            f"persona_id_from={persona_id_from!r}: the name of an argument or a function is right"
        )
    if persona_id is not None and persona_id_from is not None:
        raise UsageError("give persona_id or persona_id_from, not both")
    return AttemptUse(
        stages[stages.index(stage)],  # the declared text, even if given as an equal enum member
        persona_id,
        persona_id_from,
        number,
        values.optional_text(target, "target"),
        values.optional_text(symbol, "symbol"),
        values.optional_text(model, "model"),
    )
