"""``with`` and ``async with``: one object, entered as often and wherever wanted."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Iterator

import pytest
from opentelemetry import trace

import otel_persona as op
from otel_persona.testing import Captured

Outcomes = Callable[[], list[str]]


def test_a_block_gives_its_attempt(captured: Captured) -> None:
    """``as`` names the running attempt, which is the current one inside."""
    with op.attempt(stage="C", persona_id="p", number=3) as attempt:
        assert (attempt.stage, attempt.persona_id, attempt.number) == ("C", "p", 3)
        assert op.current_attempt() is attempt
        assert trace.get_current_span() is attempt.span
        assert not attempt.ended
    assert attempt.ended
    assert attempt.span.get_span_context() == captured.spans[0].context


def test_one_object_used_again_and_again(captured: Captured) -> None:
    """Each entry is a new attempt."""
    use = op.attempt(stage="B", persona_id="p")
    ids = []
    for _ in range(3):
        with use as attempt:
            ids.append(attempt.span.get_span_context().span_id)
    assert len(set(ids)) == 3
    assert len(captured.records) == 3


def test_one_object_inside_itself(captured: Captured) -> None:
    """Nested entries of one object end from the inside, each with what came out of it."""
    use = op.attempt(stage="B")
    with use as outer:
        with contextlib.suppress(ValueError), use as inner:
            inner.record_repair("inner")
            raise ValueError
        assert op.current_attempt() is outer
        outer.record_repair("outer")
    assert [(record.repairs, record.status) for record in captured.records] == [
        (["inner"], "fail"),
        (["outer"], "success"),
    ]
    inner_span, outer_span = captured.spans
    assert inner_span.parent == outer_span.context


def test_one_object_as_everything(captured: Captured) -> None:
    """Decorator, ``with`` and ``async with`` at once."""
    use = op.attempt(stage="B")

    @use
    async def generate(persona_id: str) -> None:
        with use, contextlib.ExitStack() as stack:
            stack.enter_context(use)
            async with use:
                await asyncio.sleep(0)

    asyncio.run(generate("p"), debug=True)
    assert len(captured.records) == 4
    for below, above in zip(captured.spans, captured.spans[1:], strict=False):
        assert below.parent == above.context


def test_one_object_in_many_tasks(captured: Captured) -> None:
    """Tasks that are all inside it at once end their own attempts, in whatever order."""
    use = op.attempt(stage="B")

    async def generate(name: str, begin: asyncio.Event, end: asyncio.Event) -> None:
        await begin.wait()
        async with use as attempt:
            attempt.record_repair(name)
            await end.wait()
            assert op.current_attempt() is attempt
            if name == "2":
                raise ValueError(name)

    async def main() -> None:
        begin, ends = asyncio.Event(), [asyncio.Event() for _ in range(5)]
        tasks = [asyncio.create_task(generate(str(i), begin, end)) for i, end in enumerate(ends)]
        begin.set()
        for index in (3, 0, 4, 2, 1):
            await asyncio.sleep(0)
            ends[index].set()
            await asyncio.wait([tasks[index]])
        assert isinstance(tasks[2].exception(), ValueError)

    asyncio.run(main(), debug=True)
    assert [record.repairs for record in captured.records] == [["3"], ["0"], ["4"], ["2"], ["1"]]
    assert [record.error for record in captured.records] == [
        None,
        None,
        None,
        "ValueError: 2",
        None,
    ]


def test_one_object_in_many_threads(captured: Captured) -> None:
    """Threads that are all inside it at once end their own attempts."""
    use = op.attempt(stage="B")
    barrier = threading.Barrier(8)

    def generate(name: str) -> None:
        for _ in range(20):
            with use as attempt:
                barrier.wait()
                attempt.record_repair(name)
                assert op.current_attempt() is attempt
                barrier.wait()
        assert op.current_attempt().stage == ""

    threads = [threading.Thread(target=generate, args=(str(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(record.repairs[0] for record in captured.records) == sorted(
        [str(i) for i in range(8)] * 20
    )
    assert all(len(record.repairs) == 1 for record in captured.records)


def test_blocks_in_interleaved_generators(captured: Captured) -> None:
    """Blocks in plain generators end their own attempts, and leave no span behind."""

    def generate(name: str) -> Iterator[str]:
        with op.attempt(stage="B", persona_id=name) as attempt:
            yield attempt.persona_id
            attempt.record_repair(name)

    with captured.tracer().start_as_current_span("around") as around:
        first, second, third = generate("1"), generate("2"), generate("3")
        assert [next(first), next(second), next(third)] == ["1", "2", "3"]
        assert list(second) == []
        assert list(first) == []
        assert list(third) == []
        assert trace.get_current_span() is around
    assert [(record.persona_id, record.repairs) for record in captured.records] == [
        ("2", ["2"]),
        ("1", ["1"]),
        ("3", ["3"]),
    ]


@pytest.mark.parametrize("order", ["123", "132", "213", "231", "312", "321"])
def test_blocks_left_in_any_order(order: str, captured: Captured, outcomes: Outcomes) -> None:
    """However overlapping blocks are left, each ends once and the context is restored."""
    use = {name: op.attempt(stage="B", persona_id=name) for name in "123"}
    for name in "123":
        use[name].__enter__()
    for name in order:
        use[name].__exit__(None, None, None)
        innermost = op.current_attempt()
        assert innermost.persona_id == "" or not innermost.ended
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert [record.persona_id for record in captured.records] == list(order)


def test_one_object_in_interleaved_generators(captured: Captured, outcomes: Outcomes) -> None:
    """Even one object shared by overlapping generators ends every attempt, and once."""
    use = op.attempt(stage="B")

    def generate() -> Iterator[int]:
        with use:
            yield 1

    first, second = generate(), generate()
    next(first)
    next(second)
    assert list(first) == list(second) == []
    assert outcomes() == ["ok", "ok"]
    assert len({span.context.span_id for span in captured.spans if span.context}) == 2


def test_a_block_in_an_asynchronous_generator(captured: Captured, outcomes: Outcomes) -> None:
    """``async with`` in a plain asynchronous generator that another task closes, with no word."""

    async def generate() -> AsyncGenerator[int, None]:
        async with op.attempt(stage="B"):
            yield 1
            yield 2

    async def main() -> None:
        generating = generate()
        await anext(generating)
        await asyncio.create_task(generating.aclose())
        assert op.current_attempt().stage == ""

    asyncio.run(main(), debug=True)
    assert outcomes() == ["abandoned"]


def test_a_block_that_nobody_could_leave_is_no_parent(captured: Captured) -> None:
    """Its generator was closed elsewhere: what follows stands beside it, as if it had left."""

    async def generate() -> AsyncGenerator[int, None]:
        async with op.attempt(stage="B"):
            yield 1

    async def main() -> None:
        with captured.tracer().start_as_current_span("around"):
            generating = generate()
            await anext(generating)
            await asyncio.create_task(generating.aclose())
            with op.attempt(stage="C"):
                pass
            with op.persona("p"):
                pass

    asyncio.run(main())
    *inside, around = captured.spans
    assert [span.name for span in inside] == ["generate_persona B", "generate_persona C", "persona"]
    assert [span.parent for span in inside] == [around.context] * 3


def test_a_span_of_others_in_a_block_that_nobody_could_leave(captured: Captured) -> None:
    """What the caller makes current afterwards is the parent, wherever it stands."""

    async def generate() -> AsyncGenerator[int, None]:
        async with op.attempt(stage="B"):
            yield 1

    async def main() -> None:
        generating = generate()
        await anext(generating)
        await asyncio.create_task(generating.aclose())
        with captured.tracer().start_as_current_span("theirs"), op.attempt(stage="C"):
            pass

    asyncio.run(main())
    _, attempt, theirs = captured.spans
    assert attempt.parent == theirs.context


def test_a_block_left_by_another_thread(captured: Captured, outcomes: Outcomes) -> None:
    """A web framework may enter in one thread and leave in another."""
    use = op.attempt(stage="B")
    entering = threading.Thread(target=use.__enter__)
    entering.start()
    entering.join()
    with captured.tracer().start_as_current_span("here") as here:
        use.__exit__(None, None, None)
        assert trace.get_current_span() is here
    assert outcomes() == ["ok"]


def test_a_persona_id_from_needs_arguments() -> None:
    """A block has no arguments, so finding the persona in them is wrong use."""
    use = op.attempt(stage="B", persona_id_from="uuid")
    with pytest.raises(op.UsageError, match="persona_id"):
        use.__enter__()
    with pytest.raises(op.UsageError, match="persona_id"):
        asyncio.run(use.__aenter__())


def test_spans_of_others_around_and_inside(captured: Captured) -> None:
    """Stock spans and ours nest in any order, and each finds its parent again."""
    tracer = captured.tracer()
    with tracer.start_as_current_span("1"), op.attempt(stage="B") as attempt:
        with tracer.start_as_current_span("2"), op.attempt(stage="C"):
            tracer.start_span("3").end()
        assert trace.get_current_span() is attempt.span
    names = ["3", "generate_persona C", "2", "generate_persona B", "1"]
    assert [span.name for span in captured.spans] == names
    for below, above in zip(captured.spans, captured.spans[1:], strict=False):
        assert below.parent == above.context
