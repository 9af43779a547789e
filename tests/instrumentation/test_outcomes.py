"""How an attempt ended is told exactly, whatever the shape of the call and of what came out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import pytest
from opentelemetry import trace

import otel_persona as op
from otel_persona.testing import Captured

Run = Callable[[Callable[[], object]], object]
"""Runs a body inside an attempt, and lets out what comes out of it."""


def drive(coroutine: Coroutine[Any, Any, Any]) -> object:
    """Run a coroutine that waits for nothing, with no event loop around what it raises."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the coroutine waits for something")


def plain(body: Callable[[], object]) -> object:
    """Run ``body`` in a function."""

    @op.attempt(stage="B")
    def generate() -> object:
        return body()

    return generate()


def coroutine(body: Callable[[], object]) -> object:
    """Run ``body`` in a coroutine."""

    @op.attempt(stage="B")
    async def generate() -> object:
        return body()

    return drive(generate())


def later(body: Callable[[], object]) -> object:
    """Run ``body`` in a coroutine that a function returns."""

    async def in_coroutine() -> object:
        return body()

    @op.attempt(stage="B")
    def generate() -> Coroutine[Any, Any, object]:
        return in_coroutine()

    return drive(generate())


def generator(body: Callable[[], object]) -> object:
    """Run ``body`` in the second step of a generator."""

    @op.attempt(stage="B")
    def generate() -> Iterator[object]:
        yield 1
        yield body()

    return list(generate())[-1]


def async_generator(body: Callable[[], object]) -> object:
    """Run ``body`` in the second step of an asynchronous generator."""

    @op.attempt(stage="B")
    async def generate() -> AsyncIterator[object]:
        yield 1
        yield body()

    async def read() -> object:
        return [item async for item in generate()][-1]

    return drive(read())


def block(body: Callable[[], object]) -> object:
    """Run ``body`` in ``with``."""
    with op.attempt(stage="B"):
        return body()


def async_block(body: Callable[[], object]) -> object:
    """Run ``body`` in ``async with``."""

    async def generate() -> object:
        async with op.attempt(stage="B"):
            return body()

    return drive(generate())


SHAPES = [plain, coroutine, later, generator, async_generator, block, async_block]


class UnwritableError(Exception):
    """An exception that does not know its own text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


ENDINGS: list[tuple[BaseException, str, str, str]] = [
    (ValueError("no"), "error", "ValueError: no", "ValueError"),
    (ValueError(), "error", "ValueError: error", "ValueError"),
    (TimeoutError("late"), "timeout", "TimeoutError: late", "TimeoutError"),
    (TimeoutError(), "timeout", "TimeoutError: timeout", "TimeoutError"),
    (
        asyncio.CancelledError(),
        "cancelled",
        "CancelledError: cancelled",
        "asyncio.exceptions.CancelledError",
    ),
    (KeyboardInterrupt(), "error", "KeyboardInterrupt: error", "KeyboardInterrupt"),
    (SystemExit(3), "error", "SystemExit: 3", "SystemExit"),
    (GeneratorExit(), "abandoned", "GeneratorExit: abandoned", "GeneratorExit"),
]


@pytest.mark.parametrize("run", SHAPES)
@pytest.mark.parametrize(("error", "outcome", "message", "kind"), ENDINGS)
def test_what_comes_out_is_passed_on_and_told(
    run: Run, error: BaseException, outcome: str, message: str, kind: str, captured: Captured
) -> None:
    """Every exception, Ctrl-C included, is the caller's again and the attempt's outcome."""

    def body() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        run(body)
    assert raised.value is error
    [record], [span] = captured.records, captured.spans
    assert (record.status, record.error) == ("fail", message)
    assert span.attributes is not None
    assert span.attributes["persona.attempt.outcome"] == outcome
    assert span.attributes["persona.attempt.error"] == message
    assert span.attributes["error.type"] == kind
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.status.description == message
    [event] = span.events
    assert event.name == "exception"
    assert event.attributes is not None
    assert event.attributes["exception.type"] == kind


@pytest.mark.parametrize("run", SHAPES)
def test_what_is_returned_is_passed_on(
    run: Run, captured: Captured, outcomes: Callable[[], list[str]]
) -> None:
    """The body runs once, its own span is current, and what it returns is the same object."""
    reply = object()
    seen: list[str] = []

    def body() -> object:
        seen.append(op.current_attempt().persona_id)
        assert trace.get_current_span() is op.current_attempt().span
        return reply

    assert run(body) is reply
    assert seen == [captured.records[0].persona_id]
    assert outcomes() == ["ok"]
    assert captured.records[0].status == "success"
    assert captured.records[0].error is None
    assert captured.spans[0].status.status_code is trace.StatusCode.UNSET
    assert not captured.spans[0].events


@pytest.mark.parametrize("run", SHAPES)
@pytest.mark.parametrize("error", [None, ValueError(), KeyboardInterrupt()])
def test_the_context_around_is_the_same_afterwards(
    run: Run, error: BaseException | None, captured: Captured
) -> None:
    """After the call the span that was current before is so again, even after Ctrl-C."""

    def body() -> None:
        if error is not None:
            raise error

    with captured.tracer().start_as_current_span("around") as around:
        with contextlib.suppress(ValueError, KeyboardInterrupt):
            run(body)
        assert trace.get_current_span() is around
        assert op.current_attempt().persona_id == ""
    [attempt, _] = captured.spans
    assert attempt.parent is not None
    assert attempt.parent.span_id == around.get_span_context().span_id


@pytest.mark.parametrize("run", SHAPES)
def test_an_exception_without_a_text_is_still_told(run: Run, captured: Captured) -> None:
    """An exception whose own ``__str__`` raises costs neither the record nor the span."""

    def body() -> None:
        raise UnwritableError

    with pytest.raises(UnwritableError):
        run(body)
    assert [record.error for record in captured.records] == ["UnwritableError: error"]
    assert len(captured.spans) == 1
    assert sum(point.value for point in captured.metric("persona.attempts").values()) == 1


def test_a_long_message_of_many_lines_is_one_short_line(captured: Captured) -> None:
    """The error of a line is one line, and 1,000 characters at most, type name included."""
    with pytest.raises(ValueError, match="first"), op.attempt(stage="B"):
        raise ValueError("first\n  second\t" + "x" * 5_000)
    error = captured.records[0].error
    assert error is not None
    assert error.startswith("ValueError: first second xxx")
    assert len(error) == 1_000


def test_a_message_that_utf8_cannot_carry_is_kept_readable(captured: Captured) -> None:
    """A lone surrogate in a message, as of a file name, becomes a question mark."""
    with pytest.raises(ValueError, match="name"), op.attempt(stage="B"):
        raise ValueError("name \udcff é")
    assert captured.records[0].error == "ValueError: name ? é"


def test_a_group_of_exceptions_is_an_error(captured: Captured) -> None:
    """An ``ExceptionGroup`` is passed on whole."""
    group = ExceptionGroup("several", [ValueError(1), TimeoutError(2)])
    with pytest.raises(ExceptionGroup) as raised, op.attempt(stage="B"):
        raise group
    assert raised.value is group
    assert captured.records[0].error == "ExceptionGroup: several (2 sub-exceptions)"


def test_an_exception_caught_inside_is_none_of_ours(
    captured: Captured, outcomes: Callable[[], list[str]]
) -> None:
    """Only what comes out of the attempt is a failure."""

    @op.attempt(stage="B")
    def generate() -> int:
        try:
            raise ValueError
        except ValueError:
            return 1

    assert generate() == 1
    assert outcomes() == ["ok"]
