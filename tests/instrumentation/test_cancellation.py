"""Cancelled and timed-out attempts are told apart, and cancelling works as without us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

import otel_persona as op
from otel_persona.testing import Captured

Outcomes = Callable[[], list[str]]
Wait = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""Begins an attempt, sets the event, and waits for what never comes."""


@op.attempt(stage="B")
async def coroutine(begun: asyncio.Event) -> None:
    """Wait in a coroutine."""
    begun.set()
    await asyncio.Event().wait()


@op.attempt(stage="B")
def later(begun: asyncio.Event) -> Coroutine[Any, Any, None]:
    """Wait in a coroutine that a function returns."""

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    return wait()


@op.attempt(stage="B")
async def _steps(begun: asyncio.Event) -> AsyncIterator[int]:
    begun.set()
    await asyncio.Event().wait()
    yield 1


async def async_generator(begun: asyncio.Event) -> None:
    """Wait inside a step of an asynchronous generator."""
    async for _ in _steps(begun):
        pass


async def block(begun: asyncio.Event) -> None:
    """Wait in ``with``."""
    with op.attempt(stage="B"):
        begun.set()
        await asyncio.Event().wait()


async def async_block(begun: asyncio.Event) -> None:
    """Wait in ``async with``."""
    async with op.attempt(stage="B"):
        begun.set()
        await asyncio.Event().wait()


SHAPES = [coroutine, later, async_generator, block, async_block]


@pytest.mark.parametrize("wait", SHAPES)
def test_a_cancelled_task(wait: Wait, captured: Captured, outcomes: Outcomes) -> None:
    """``task.cancel()`` cancels the task, and the attempt says so."""

    async def main() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(wait(begun))
        await begun.wait()
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(main(), debug=True)
    assert outcomes() == ["cancelled"]
    assert captured.records[0].status == "fail"
    assert captured.records[0].error == "CancelledError: enough"


@pytest.mark.parametrize("wait", SHAPES)
def test_a_failing_sibling(wait: Wait, outcomes: Outcomes) -> None:
    """A task group cancels the siblings of the task that failed, and each says how it ended."""

    async def main() -> None:
        begun = asyncio.Event()

        @op.attempt(stage="C")
        async def fail() -> None:
            await begun.wait()
            raise ValueError("no")

        async with asyncio.TaskGroup() as group:
            group.create_task(wait(begun))
            group.create_task(fail())

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(main(), debug=True)
    assert [type(error) for error in raised.value.exceptions] == [ValueError]
    assert sorted(outcomes()) == ["cancelled", "error"]


@pytest.mark.parametrize("wait", SHAPES)
def test_a_timeout_outside_is_a_cancellation_inside(wait: Wait, outcomes: Outcomes) -> None:
    """``asyncio.timeout`` around the call still raises ``TimeoutError`` there."""

    async def main() -> None:
        async with asyncio.timeout(None) as limit:
            begun = asyncio.Event()
            waiting = asyncio.create_task(begun.wait())
            waiting.add_done_callback(lambda _: limit.reschedule(0))
            await wait(begun)

    with pytest.raises(TimeoutError):
        asyncio.run(main(), debug=True)
    assert outcomes() == ["cancelled"]


@pytest.mark.parametrize("wait", SHAPES)
def test_wait_for(wait: Wait, outcomes: Outcomes) -> None:
    """``asyncio.wait_for`` raises ``TimeoutError``; inside, the attempt was cancelled."""

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wait(asyncio.Event()), 0.02)

    asyncio.run(main(), debug=True)
    assert outcomes() == ["cancelled"]


def test_a_timeout_inside_is_a_timeout(captured: Captured, outcomes: Outcomes) -> None:
    """``asyncio.timeout`` inside the attempt lets a ``TimeoutError`` out of it."""

    @op.attempt(stage="B")
    async def generate() -> None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await generate()

    asyncio.run(main(), debug=True)
    assert outcomes() == ["timeout"]
    assert captured.records[0].error == "TimeoutError: timeout"


def test_a_cancellation_that_the_body_swallows(outcomes: Outcomes) -> None:
    """A body that catches its cancellation and returns has ended well, as it would without us."""
    begun = asyncio.Event()

    @op.attempt(stage="B")
    async def generate() -> str:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            return "rescued"
        return "never"

    async def main() -> None:
        task = asyncio.create_task(generate())
        await begun.wait()
        task.cancel()
        assert await task == "rescued"

    asyncio.run(main(), debug=True)
    assert outcomes() == ["ok"]


@pytest.mark.parametrize("shape", [coroutine, later])
def test_a_task_cancelled_before_its_first_step(
    shape: Wait, captured: Captured, outcomes: Outcomes
) -> None:
    """The body never runs, and nothing warns of a coroutine that was never awaited."""

    async def main() -> None:
        task = asyncio.create_task(shape(asyncio.Event()))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main(), debug=True)
    assert outcomes() == ([] if shape is coroutine else ["abandoned"])


def test_tokens_of_a_cancelled_attempt_are_kept(captured: Captured) -> None:
    """What was recorded before the cancellation is in the line."""

    async def main() -> None:
        begun = asyncio.Event()

        @op.attempt(stage="B")
        async def generate() -> None:
            op.current_attempt().record_usage(prompt_tokens=7)
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(generate())
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main(), debug=True)
    assert captured.records[0].prompt_tokens == 7
