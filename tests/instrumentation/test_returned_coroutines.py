"""A function that returns a coroutine: its attempt lasts until that coroutine has run."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from opentelemetry import baggage, trace
from opentelemetry import context as context_api

import otel_persona as op
from otel_persona.testing import Captured, capture

Outcomes = Callable[[], list[str]]


async def _write(seen: list[object]) -> str:
    seen.append(op.current_attempt())
    await asyncio.sleep(0)
    seen.append(op.current_attempt())
    op.current_attempt().record_repair("late")
    return "text"


@op.attempt(stage="B")
def write(seen: list[object]) -> Coroutine[Any, Any, str]:
    """Return a coroutine, as a function does that hands on to a client."""
    seen.append(op.current_attempt())
    return _write(seen)


def test_the_await_is_part_of_the_attempt(captured: Captured, outcomes: Outcomes) -> None:
    """The same attempt is current in the function and in its coroutine, and ends with that."""
    seen: list[object] = []
    coroutine = write(seen)
    assert op.current_attempt().stage == ""
    assert outcomes() == []
    assert asyncio.run(coroutine, debug=True) == "text"
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert outcomes() == ["ok"]
    assert captured.records[0].repairs == ["late"]


def test_the_duration_includes_the_await() -> None:
    """From the call to the end of the coroutine."""
    now = [1_000_000_000_000_000_000]

    @op.attempt(stage="B")
    def generate() -> Coroutine[Any, Any, None]:
        now[0] += 1_000_000

        async def later() -> None:
            now[0] += 40_000_000

        return later()

    with capture(clock=lambda: now[0]) as captured:
        coroutine = generate()
        now[0] += 200_000_000
        asyncio.run(coroutine)
    assert captured.records[0].latency_ms == 241


def test_awaited_in_another_task(captured: Captured, outcomes: Outcomes) -> None:
    """The task that awaits keeps its own context: its span, its baggage, its attempt."""
    seen: list[object] = []

    async def other(coroutine: Awaitable[str]) -> None:
        with captured.tracer().start_as_current_span("of the task") as span:
            context_api.attach(baggage.set_baggage("of", "the task"))
            before = context_api.get_current()
            assert await coroutine == "text"
            assert context_api.get_current() == before
            assert trace.get_current_span() is span

    async def main() -> None:
        with captured.tracer().start_as_current_span("of the caller"):
            coroutine = write(seen)
        await asyncio.create_task(other(coroutine))

    asyncio.run(main(), debug=True)
    assert len(set(seen)) == 1
    assert outcomes() == ["ok"]
    caller = next(span for span in captured.spans if span.name == "of the caller")
    attempt = next(span for span in captured.spans if span.name == "generate_persona B")
    assert attempt.parent == caller.context


def test_awaited_inside_another_attempt(captured: Captured) -> None:
    """The attempt that awaits it is current again afterwards."""

    async def main() -> None:
        coroutine = write([])
        async with op.attempt(stage="C") as around:
            await coroutine
            assert op.current_attempt() is around

    asyncio.run(main(), debug=True)
    assert [record.stage for record in captured.records] == ["B", "C"]


def test_many_at_once(captured: Captured, outcomes: Outcomes) -> None:
    """Gathered coroutines keep their own attempts."""
    seen: list[list[object]] = [[] for _ in range(50)]

    async def main() -> None:
        await asyncio.gather(*(write(own) for own in seen))
        assert op.current_attempt().stage == ""

    asyncio.run(main(), debug=True)
    assert all(len(set(own)) == 1 for own in seen)
    assert len({own[0] for own in seen}) == 50
    assert outcomes() == ["ok"] * 50


def test_never_awaited(captured: Captured, outcomes: Outcomes) -> None:
    """The attempt is abandoned, and the usual warning names the user's coroutine, once."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        coroutine = write([])
        del coroutine
        gc.collect()
    assert [str(warning.message) for warning in told] == ["coroutine '_write' was never awaited"]
    assert outcomes() == ["abandoned"]
    assert captured.records[0].error == "GeneratorExit: abandoned"


def test_closed_before_it_is_awaited(outcomes: Outcomes) -> None:
    """Closing it ends the attempt when it is dropped, with no warning."""
    coroutine = write([])
    coroutine.close()
    del coroutine
    gc.collect()
    assert outcomes() == ["abandoned"]


def test_dropped_in_the_middle(captured: Captured, outcomes: Outcomes) -> None:
    """A coroutine that is left half-way is abandoned; its clean-up can still record."""

    async def half_way() -> None:
        attempt = op.current_attempt()
        try:
            await asyncio.sleep(0)
        finally:
            attempt.record_repair("clean-up")

    @op.attempt(stage="B")
    def generate() -> Coroutine[Any, Any, None]:
        return half_way()

    coroutine = generate()
    coroutine.send(None)
    del coroutine
    gc.collect()
    assert outcomes() == ["abandoned"]
    assert captured.records[0].repairs == ["clean-up"]


def test_the_function_itself_raises(outcomes: Outcomes) -> None:
    """What is raised before there is a coroutine ends the attempt at once."""

    @op.attempt(stage="B")
    def generate() -> Coroutine[Any, Any, None]:
        raise ValueError("no coroutine")

    with pytest.raises(ValueError, match="no coroutine"):
        asyncio.run(generate())
    assert outcomes() == ["error"]


def test_it_is_still_a_coroutine(captured: Captured) -> None:
    """What the caller gets can be made a task, and bears the name of the user's coroutine."""

    async def main() -> None:
        coroutine = write([])
        assert asyncio.iscoroutine(coroutine)
        assert repr(coroutine).startswith("<coroutine object _write at ")
        assert await asyncio.create_task(coroutine) == "text"

    asyncio.run(main(), debug=True)
