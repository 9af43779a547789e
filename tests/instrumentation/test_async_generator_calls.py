"""Asynchronous generators: the same as generators, in one event loop and many tasks."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from collections.abc import AsyncGenerator, Callable
from contextvars import ContextVar, copy_context

import pytest
from opentelemetry import baggage, trace
from opentelemetry import context as context_api

import otel_persona as op
from otel_persona.testing import Captured

Outcomes = Callable[[], list[str]]
VARIABLE: ContextVar[str] = ContextVar("variable", default="unset")


@op.attempt(stage="B")
async def count(persona_id: str, to: int = 3) -> AsyncGenerator[int, None]:
    """Count up, and let others run before each step; the generator of most tests."""
    for item in range(to):
        await asyncio.sleep(0)
        yield item


def surroundings() -> tuple[object, ...]:
    """Everything that a step of a generator could change for its caller."""
    return (
        dict(copy_context().items()),
        id(context_api.get_current()),
        trace.get_current_span(),
        op.current_attempt(),
    )


def test_the_callers_context_is_the_same_after_every_step(captured: Captured) -> None:
    """Starting, sending, throwing, finishing: none of it shows in the caller's context."""

    @op.attempt(stage="B")
    async def talk() -> AsyncGenerator[int, int]:
        VARIABLE.set("of the body")
        context_api.attach(baggage.set_baggage("of", "the body"))
        await asyncio.sleep(0)
        try:
            yield 1
        except ValueError:
            await asyncio.sleep(0)
            yield 2
        yield 3

    async def main() -> None:
        with captured.tracer().start_as_current_span("caller"):
            before = surroundings()
            talking = talk()
            assert await anext(talking) == 1
            assert surroundings() == before
            assert await talking.athrow(ValueError()) == 2
            assert surroundings() == before
            assert await talking.asend(5) == 3
            assert surroundings() == before
            with pytest.raises(StopAsyncIteration):
                await anext(talking)
            assert surroundings() == before
            counting = count("p")
            await anext(counting)
            await counting.aclose()
            assert surroundings() == before
        assert VARIABLE.get() == "unset"

    asyncio.run(main(), debug=True)


def test_the_body_is_in_its_own_context_in_every_step(captured: Captured) -> None:
    """The attempt's span is current in each step, also after the body has waited."""
    seen: list[object] = []

    @op.attempt(stage="B")
    async def generate() -> AsyncGenerator[int, None]:
        VARIABLE.set("of the body")
        for item in range(3):
            seen.append((trace.get_current_span(), op.current_attempt(), VARIABLE.get()))
            await asyncio.sleep(0)
            seen.append((trace.get_current_span(), op.current_attempt(), VARIABLE.get()))
            yield item

    async def main() -> None:
        async for _ in generate():
            async with op.attempt(stage="C"):
                await asyncio.sleep(0)

    asyncio.run(main(), debug=True)
    assert len(seen) == 6
    assert len(set(seen)) == 1
    *callers, own = captured.spans
    assert own.name == "generate_persona B"
    assert [span.parent for span in callers] == [None, None, None]


def test_generators_in_many_tasks_keep_their_own_spans(captured: Captured) -> None:
    """Tasks that step their generators in turns never see each other's attempt."""

    @op.attempt(stage="B")
    async def generate(persona_id: int) -> AsyncGenerator[str, None]:
        for _ in range(3):
            await asyncio.sleep(0)
            with captured.tracer().start_as_current_span(f"of {persona_id}"):
                yield op.current_attempt().persona_id

    async def read(persona_id: int) -> None:
        assert [item async for item in generate(persona_id)] == [str(persona_id)] * 3

    async def main() -> None:
        await asyncio.gather(*(read(persona_id) for persona_id in range(20)))

    asyncio.run(main(), debug=True)
    own = {
        span.attributes["persona.id"]: span.context.span_id
        for span in captured.spans
        if span.attributes and span.context and "persona.id" in span.attributes
    }
    below = [(span.name, span.parent) for span in captured.spans if span.name.startswith("of ")]
    assert len(below) == 60
    for name, parent in below:
        assert parent is not None
        assert parent.span_id == own[name.removeprefix("of ")]


def test_what_is_sent_and_thrown_reaches_the_body(outcomes: Outcomes) -> None:
    """``asend`` and ``athrow`` arrive, and what the body makes of them comes back."""

    @op.attempt(stage="B")
    async def talk() -> AsyncGenerator[str, str]:
        heard = yield "ready"
        try:
            await asyncio.sleep(0)
            heard += yield heard.upper()
        except KeyError as error:
            await asyncio.sleep(0)
            yield f"caught {error} after {heard}"

    async def main() -> None:
        talking = talk()
        assert await anext(talking) == "ready"
        assert await talking.asend("one") == "ONE"
        assert await talking.athrow(KeyError("k")) == "caught 'k' after one"
        with pytest.raises(StopAsyncIteration):
            await talking.asend("end")
        with pytest.raises(StopAsyncIteration):
            await anext(talking)

    asyncio.run(main(), debug=True)
    assert outcomes() == ["ok"]


def test_a_thrown_exception_that_comes_back_out(captured: Captured, outcomes: Outcomes) -> None:
    """An exception thrown in and not caught is the same object outside, and the attempt failed."""
    error = ValueError("thrown")

    async def main() -> None:
        counting = count("p")
        await anext(counting)
        with pytest.raises(ValueError, match="thrown") as raised:
            await counting.athrow(error)
        assert raised.value is error

    asyncio.run(main(), debug=True)
    assert outcomes() == ["error"]
    assert captured.records[0].error == "ValueError: thrown"


@pytest.mark.parametrize("how", ["closed", "broken out of", "dropped", "collected"])
def test_an_abandoned_generator_ends_its_attempt(
    how: str, captured: Captured, outcomes: Outcomes
) -> None:
    """Whoever stops reading early leaves a finished attempt, and the body cleans up in its span."""
    cleaned: list[object] = []

    @op.attempt(stage="B")
    async def generate(persona_id: str) -> AsyncGenerator[list[object], None]:
        try:
            yield [1]
            yield [2]
        finally:
            await asyncio.sleep(0)
            cleaned.append(trace.get_current_span().get_span_context())

    async def main() -> None:
        if how == "closed":
            closed = generate("p")
            await anext(closed)
            await closed.aclose()
            await closed.aclose()
        elif how == "broken out of":
            async for _ in generate("p"):
                break
        elif how == "dropped":
            await anext(generate("p"))
        else:
            collected = generate("p")
            (await anext(collected)).append(collected)  # a reference cycle
            del collected
            gc.collect()
        for _ in range(5):  # the loop closes dropped generators in a task of its own
            await asyncio.sleep(0)

    asyncio.run(main(), debug=True)
    assert outcomes() == ["abandoned"]
    assert captured.records[0].error == "GeneratorExit: abandoned"
    assert cleaned == [captured.spans[0].context]


def test_closing_in_another_task(captured: Captured, outcomes: Outcomes) -> None:
    """Another task, below a span of its own, closes it: that span stays current there."""

    async def main() -> None:
        counting = count("p")
        with captured.tracer().start_as_current_span("opens"):
            await anext(counting)

        async def close() -> None:
            with captured.tracer().start_as_current_span("closes") as closes:
                before = surroundings()
                await counting.aclose()
                assert surroundings() == before
                assert trace.get_current_span() is closes

        await asyncio.create_task(close())

    asyncio.run(main(), debug=True)
    assert outcomes() == ["abandoned"]
    [attempt, opens] = [span for span in captured.spans if span.name != "closes"][::-1]
    if attempt.name == "opens":
        attempt, opens = opens, attempt
    assert attempt.parent == opens.context


def test_steps_in_different_tasks(captured: Captured, outcomes: Outcomes) -> None:
    """Each step may be taken by another task; the body notices nothing."""
    seen: list[object] = []

    @op.attempt(stage="B")
    async def generate() -> AsyncGenerator[int, None]:
        for item in range(3):
            await asyncio.sleep(0)
            seen.append(op.current_attempt())
            yield item

    async def main() -> None:
        generating = generate()

        async def step() -> int:
            return await anext(generating)

        assert [await asyncio.create_task(step()) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(StopAsyncIteration):
            await asyncio.create_task(step())

    asyncio.run(main(), debug=True)
    assert len(set(seen)) == 1
    assert outcomes() == ["ok"]


def test_the_loop_shuts_down_with_one_open(outcomes: Outcomes) -> None:
    """``asyncio.run`` closes what is still open, once, and nothing is logged about it."""
    cleaned: list[object] = []
    opened: list[object] = []

    @op.attempt(stage="B")
    async def generate() -> AsyncGenerator[int, None]:
        try:
            await asyncio.sleep(0)
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            cleaned.append(op.current_attempt().stage)

    async def main() -> None:
        for _ in range(3):
            generating = generate()
            await anext(generating)
            opened.append(generating)
        assert outcomes() == []

    asyncio.run(main(), debug=True)
    assert cleaned == ["B"] * 3
    assert outcomes() == ["abandoned"] * 3


def test_the_loops_hooks_are_as_they_were(captured: Captured) -> None:
    """Beginning a generator leaves the hooks of the loop, and of a loop-less thread, in place."""

    async def main() -> None:
        before = sys.get_asyncgen_hooks()
        async for _ in count("p", 1):
            assert sys.get_asyncgen_hooks() == before
        assert sys.get_asyncgen_hooks() == before

    asyncio.run(main(), debug=True)
    assert tuple(sys.get_asyncgen_hooks()) == (None, None)


def test_the_loop_adopts_one_generator_for_each_call(captured: Captured) -> None:
    """The loop closes what it adopted: the body must not be closed beside the one around it."""
    adopted: list[object] = []

    async def main() -> None:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=adopted.append)
        try:
            counting = count("p", 1)
            assert [item async for item in counting] == [0]
            assert adopted == [counting]
        finally:
            sys.set_asyncgen_hooks(*hooks)

    asyncio.run(main(), debug=True)


def test_one_that_is_never_started_is_no_attempt(captured: Captured, started: list[str]) -> None:
    """Without a first step nothing begins, and so nothing leaks."""

    async def main() -> None:
        count("p")
        closed = count("p")
        await closed.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(closed)
        thrown = count("p")
        with pytest.raises(ValueError, match="early"):
            await thrown.athrow(ValueError("early"))
        step = anext(count("p"))  # a step that nobody awaits
        step.close()

    asyncio.run(main(), debug=True)
    assert list(captured.records) == []
    assert started == []


def test_closing_a_generator_that_refuses(outcomes: Outcomes) -> None:
    """A body that goes on after ``aclose`` gets the usual error, and can go on."""

    @op.attempt(stage="B")
    async def generate() -> AsyncGenerator[int, None]:
        try:
            yield 1
        except GeneratorExit:
            yield 2
        yield 3

    async def main() -> None:
        stubborn = generate()
        await anext(stubborn)
        with pytest.raises(RuntimeError, match="async generator ignored GeneratorExit"):
            await stubborn.aclose()
        assert [item async for item in stubborn] == [3]

    asyncio.run(main(), debug=True)
    assert len(outcomes()) == 1


def test_an_error_while_it_is_closed(captured: Captured, outcomes: Outcomes) -> None:
    """What a body raises in its clean-up comes out of ``aclose`` and is the failure."""

    @op.attempt(stage="B")
    async def generate() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            raise ValueError("clean-up")

    async def main() -> None:
        closing = generate()
        await anext(closing)
        with pytest.raises(ValueError, match="clean-up"):
            await closing.aclose()

    asyncio.run(main(), debug=True)
    assert outcomes() == ["error"]
    assert captured.records[0].error == "ValueError: clean-up"


def test_two_steps_at_once_are_refused_as_ever(outcomes: Outcomes) -> None:
    """Stepping a generator that is running raises, and does it no harm."""

    async def main() -> None:
        counting = count("p", 2)
        step = asyncio.create_task(counting.__anext__())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="already running"):
            await anext(counting)
        assert await step == 0
        assert [item async for item in counting] == [1]

    asyncio.run(main(), debug=True)
    assert outcomes() == ["ok"]


def test_one_dropped_without_a_loop(captured: Captured, outcomes: Outcomes) -> None:
    """Driven by hand, with no loop to close it, the body still cleans up in its own span."""
    cleaned: list[object] = []

    @op.attempt(stage="B")
    async def generate() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            cleaned.append(op.current_attempt().stage)

    generating = generate()
    with pytest.raises(StopIteration):
        anext(generating).__await__().send(None)
    del generating
    assert cleaned == ["B"]
    assert outcomes() == ["abandoned"]


@pytest.mark.parametrize("end", ["close", "finish", "throw"])
def test_nothing_is_kept_of_a_generator_that_has_ended(end: str, captured: Captured) -> None:
    """Its arguments are freed at once, as without us; no cycle waits for the collector."""

    class Prompt:
        """Something large that a call is given."""

    @op.attempt(stage="B")
    async def generate(prompt: Prompt) -> AsyncGenerator[int, None]:
        yield 1

    async def main() -> None:
        prompt = Prompt()
        alive = weakref.ref(prompt)
        generating = generate(prompt)
        await anext(generating)
        if end == "close":
            await generating.aclose()
        elif end == "finish":
            assert [item async for item in generating] == []
        else:
            with pytest.raises(KeyError):
                await generating.athrow(KeyError())
        del generating, prompt
        assert alive() is None

    gc.disable()
    try:
        asyncio.run(main())
    finally:
        gc.enable()


def test_a_span_of_a_task_that_the_body_starts(captured: Captured) -> None:
    """A task started in the body inherits the body's context: its attempt stands below."""

    @op.attempt(stage="C")
    async def inner() -> None:
        await asyncio.sleep(0)

    @op.attempt(stage="B")
    async def generate() -> AsyncGenerator[int, None]:
        await asyncio.create_task(inner())
        yield 1

    async def main() -> None:
        assert [item async for item in generate()] == [1]

    asyncio.run(main(), debug=True)
    below, above = captured.spans
    assert below.parent == above.context
