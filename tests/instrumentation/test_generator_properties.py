"""Whatever is done to a decorated generator, it answers as the undecorated one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import context as context_api

import otel_persona as op
from otel_persona.testing import capture


class FirstError(Exception):
    """One exception that is thrown in and raised."""


class SecondError(Exception):
    """Another one."""


# What can come out of a step: what is thrown in, what is raised, and Python's own complaints.
EXPECTED = (
    FirstError,
    SecondError,
    GeneratorExit,
    KeyboardInterrupt,
    StopIteration,
    StopAsyncIteration,
    RuntimeError,
    TypeError,
)


class Line(NamedTuple):
    """What the body does with one of its steps."""

    catches: tuple[type[BaseException], ...]
    reaction: str
    cleans_up: str


REACTIONS = ["pass", "yield", "return", "raise", "again", "stop"]
CLEAN_UPS = ["none", "none", "raise"]
LINES = st.lists(
    st.builds(
        Line,
        st.sampled_from(
            [
                (),
                (FirstError,),
                (FirstError, SecondError),
                (GeneratorExit,),
                (BaseException,),
                (StopIteration,),
            ]
        ),
        st.sampled_from(REACTIONS),
        st.sampled_from(CLEAN_UPS),
    ),
    max_size=4,
)
THROWN: list[Callable[[], BaseException]] = [
    lambda: FirstError("first"),
    lambda: SecondError("second"),
    GeneratorExit,
    StopIteration,
    StopAsyncIteration,
    KeyboardInterrupt,
]
STEPS = st.lists(
    st.one_of(
        st.just(("next", None)),
        st.tuples(st.just("send"), st.integers(0, 9)),
        st.tuples(st.just("throw"), st.sampled_from(THROWN)),
        st.just(("close", None)),
    ),
    max_size=8,
)


def react(line: Line, error: BaseException) -> object:
    """Do what the line says about an exception; give what is to be yielded, if anything."""
    if line.reaction == "raise":
        raise SecondError("reaction") from error
    if line.reaction == "again":
        raise error
    if line.reaction == "stop":
        raise StopIteration("reaction")
    return f"caught {type(error).__name__}" if line.reaction == "yield" else None


def talk(lines: list[Line], heard: list[object]) -> Generator[object, object, object]:
    """Follow the lines, noting what is heard."""
    for number, line in enumerate(lines):
        try:
            heard.append((yield number))
        except line.catches as error:
            heard.append(type(error))
            said = react(line, error)
            if said is not None:
                heard.append((yield said))
            if line.reaction == "return":
                return f"returned at {number}"
        finally:
            heard.append("finally")
            if line.cleans_up == "raise":
                raise FirstError("clean-up")
    return len(lines)


async def talk_later(lines: list[Line], heard: list[object]) -> AsyncGenerator[object, object]:
    """Follow the lines, noting what is heard, and wait in between."""
    for number, line in enumerate(lines):
        try:
            await asyncio.sleep(0)
            heard.append((yield number))
        except line.catches as error:
            heard.append(type(error))
            await asyncio.sleep(0)
            said = react(line, error)
            if said is not None:
                heard.append((yield said))
            if line.reaction == "return":
                return
        finally:
            heard.append("finally")
            if line.cleans_up == "raise":
                await asyncio.sleep(0)
                raise FirstError("clean-up")


def told(error: BaseException) -> object:
    """Write an exception so that two of them can be compared, with what caused it."""
    cause = error.__cause__ and type(error.__cause__)
    value = error.value if isinstance(error, StopIteration) else None
    return type(error), error.args, cause, value


def answers(
    make: Callable[[list[Line], list[object]], Generator[object, object, object]],
    lines: list[Line],
    steps: list[tuple[str, Any]],
) -> tuple[list[object], list[object]]:
    """Take the steps, and give the answers and what the body heard."""
    heard: list[object] = []
    answered: list[object] = []
    generator = make(lines, heard)
    for step, value in steps:
        try:
            if step == "next":
                answered.append(next(generator))
            elif step == "send":
                answered.append(generator.send(value))
            elif step == "throw":
                answered.append(generator.throw(value()))
            else:
                generator.close()
                answered.append("closed")
        except EXPECTED as error:
            answered.append(told(error))
    for _ in range(20):  # until even the most stubborn has ended
        with contextlib.suppress(*EXPECTED):
            generator.close()
            break
    return answered, heard


async def answers_later(
    make: Callable[[list[Line], list[object]], AsyncGenerator[object, object]],
    lines: list[Line],
    steps: list[tuple[str, Any]],
) -> tuple[list[object], list[object]]:
    """Take the steps, and give the answers and what the body heard."""
    heard: list[object] = []
    answered: list[object] = []
    generator = make(lines, heard)
    for step, value in steps:
        try:
            if step == "next":
                answered.append(await anext(generator))
            elif step == "send":
                answered.append(await generator.asend(value))
            elif step == "throw":
                answered.append(await generator.athrow(value()))
            else:
                await generator.aclose()
                answered.append("closed")
        except EXPECTED as error:
            answered.append(told(error))
    with contextlib.suppress(*EXPECTED):
        await generator.aclose()
    for _ in range(20):  # one that has refused to close once can only go on to its end
        with contextlib.suppress(*EXPECTED):
            await anext(generator)
    return answered, heard


@given(LINES, STEPS)
def test_generators(lines: list[Line], steps: list[tuple[str, Any]]) -> None:
    """Yields, returns and exceptions are equal, and so is what the body has heard."""
    before = context_api.get_current()
    with capture(run_id="25K_1") as captured:
        ours = answers(op.attempt(stage="B")(talk), lines, steps)
        assert context_api.get_current() is before
        assert len(captured.records) == (1 if begins(steps) else 0)
    assert ours == answers(talk, lines, steps)


@given(LINES, STEPS)
def test_asynchronous_generators(lines: list[Line], steps: list[tuple[str, Any]]) -> None:
    """Yields and exceptions are equal, and so is what the body has heard."""

    async def both() -> tuple[object, object]:
        before = context_api.get_current()
        ours = await answers_later(op.attempt(stage="B")(talk_later), lines, steps)
        assert context_api.get_current() is before
        return ours, await answers_later(talk_later, lines, steps)

    with capture(run_id="25K_1") as captured:
        ours, theirs = asyncio.run(both())
        assert len(captured.records) == (1 if begins(steps) else 0)
    assert ours == theirs


def begins(steps: list[tuple[str, Any]]) -> bool:
    """Say whether these steps begin a body, before one ends it unbegun."""
    for step, _ in steps:
        if step == "next":
            return True
        if step in ("throw", "close"):
            return False
    return False
