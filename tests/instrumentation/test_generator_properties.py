"""Whatever is done to a decorated generator, it answers as the undecorated one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, NamedTuple

import hypothesis
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import context as context_api

import otel_persona as op
from otel_persona.testing import Captured, capture


class Line(NamedTuple):
    """What the body does with one of its steps."""

    catches: tuple[type[BaseException], ...]
    reaction: str
    cleans_up: str


class First(Exception):  # noqa: N818
    """One exception that is thrown in and raised."""


class Second(Exception):  # noqa: N818
    """Another one."""


REACTIONS = ["pass", "yield", "return", "raise", "again", "stop"]
CLEAN_UPS = ["none", "none", "raise", "return"]
LINES = st.lists(
    st.builds(
        Line,
        st.sampled_from(
            [(), (First,), (First, Second), (GeneratorExit,), (BaseException,), (StopIteration,)]
        ),
        st.sampled_from(REACTIONS),
        st.sampled_from(CLEAN_UPS),
    ),
    max_size=4,
)
THROWN: list[Callable[[], BaseException]] = [
    lambda: First("first"),
    lambda: Second("second"),
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
        raise Second("reaction") from error
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
                raise First("clean-up")
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
                raise First("clean-up")


def told(error: BaseException) -> object:
    """Write an exception so that two of them can be compared, with what caused it."""
    cause = error.__cause__ and type(error.__cause__)
    value = error.value if isinstance(error, StopIteration) else None
    return type(error), error.args, cause, value, type(error).__name__


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
                answered.append(generator.close())
        except BaseException as error:
            answered.append(told(error))
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
                answered.append(await generator.aclose())
        except BaseException as error:
            answered.append(told(error))
    with contextlib.suppress(BaseException):
        await generator.aclose()
    return answered, heard
