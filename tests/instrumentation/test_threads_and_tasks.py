"""Threads, pools and tasks: who is whose parent, and no attempt seen by another."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from opentelemetry.sdk.trace import ReadableSpan

import otel_persona as op
from otel_persona.testing import Captured


@op.attempt(stage="B")
def write(persona_id: object) -> str:
    """Be the attempt that runs elsewhere."""
    return op.current_attempt().persona_id


@op.attempt(stage="B")
async def write_later(persona_id: object) -> str:
    """Be the attempt that runs in a task."""
    await asyncio.sleep(0)
    return op.current_attempt().persona_id


def parents(captured: Captured) -> tuple[list[int | None], ReadableSpan]:
    """Give the parents' span ids of the attempts, and the span around them."""
    *attempts, around = captured.spans
    return [span.parent.span_id if span.parent else None for span in attempts], around


def test_the_documented_way_into_a_pool(captured: Captured) -> None:
    """``copy_context().run`` carries the parent into a thread pool."""
    with op.persona("p"), ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(copy_context().run, write, str(i)) for i in range(20)]
        assert [future.result() for future in futures] == [str(i) for i in range(20)]
    below, scope = parents(captured)
    assert scope.context is not None
    assert below == [scope.context.span_id] * 20


def test_a_bare_thread_begins_a_trace(captured: Captured) -> None:
    """Without it a thread has no parent: a root span, and nothing of the caller's is touched."""
    with op.persona("p"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(write, "q").result() == "q"
    below, _ = parents(captured)
    assert below == [None]


def test_to_thread(captured: Captured) -> None:
    """``asyncio.to_thread`` carries the parent by itself."""

    async def main() -> None:
        async with op.persona("p"):
            assert await asyncio.gather(*(asyncio.to_thread(write, i) for i in range(5))) == list(
                "01234"
            )

    asyncio.run(main(), debug=True)
    below, scope = parents(captured)
    assert scope.context is not None
    assert below == [scope.context.span_id] * 5


@pytest.mark.parametrize("how", ["gather", "create_task", "group"])
def test_tasks_are_children(how: str, captured: Captured) -> None:
    """Tasks inherit the scope they were made in, and keep their own attempts."""

    async def main() -> None:
        async with op.persona("p"):
            if how == "gather":
                written = await asyncio.gather(*(write_later(i) for i in range(5)))
            elif how == "create_task":
                tasks = [asyncio.create_task(write_later(i)) for i in range(5)]
                written = [await task for task in tasks]
            else:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(write_later(i)) for i in range(5)]
                written = [task.result() for task in tasks]
            assert written == list("01234")

    asyncio.run(main(), debug=True)
    below, scope = parents(captured)
    assert scope.context is not None
    assert below == [scope.context.span_id] * 5


def test_a_task_that_outlives_its_parent(captured: Captured) -> None:
    """An attempt that has ended is not current any more in the tasks it leaves behind."""

    async def main() -> None:
        ended = asyncio.Event()

        async def late() -> str:
            await ended.wait()
            op.current_attempt().record_repair("too late")
            return op.current_attempt().stage

        async with op.attempt(stage="C"):
            async with op.attempt(stage="B"):
                task = asyncio.create_task(late())
            ended.set()
            assert await task == "C"
        assert op.current_attempt().stage == ""

    asyncio.run(main(), debug=True)
    assert [(record.stage, record.repairs) for record in captured.records] == [
        ("B", []),
        ("C", ["too late"]),
    ]


def test_one_function_from_many_threads(captured: Captured) -> None:
    """A decorated function is as free of shared state as the one it wraps."""
    barrier = threading.Barrier(8)

    @op.attempt(stage="B")
    def generate(persona_id: str) -> None:
        barrier.wait()
        op.current_attempt().record_anchors(persona_id)
        op.current_attempt().record_usage(prompt_tokens=int(persona_id))

    def run(worker: int) -> None:
        for index in range(25):
            generate(str(worker * 1000 + index))

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(captured.records) == 200
    for record in captured.records:
        assert record.anchors_used == [record.persona_id]
        assert record.prompt_tokens == int(record.persona_id)
    [point] = captured.metric("persona.attempts").values()
    assert point.value == 200


def test_numbers_of_a_scope_shared_by_threads(captured: Captured) -> None:
    """Attempts of one persona that run at once get different numbers."""
    barrier = threading.Barrier(8)

    def generate() -> None:
        for _ in range(25):
            barrier.wait()
            write("p")

    with op.persona("p"), ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(copy_context().run, generate) for _ in range(8)]:
            future.result()
    assert sorted(record.attempt for record in captured.records) == list(range(1, 201))


def test_an_attempt_that_many_threads_record_on(captured: Captured) -> None:
    """What is recorded from helpers in other threads is all there."""
    with op.attempt(stage="B") as attempt, ThreadPoolExecutor(4) as pool:
        list(pool.map(attempt.record_anchors, map(str, range(100))))
    assert sorted(captured.records[0].anchors_used, key=int) == [str(i) for i in range(100)]


def test_usage_that_many_threads_add(captured: Captured) -> None:
    """No token is lost, however the threads take turns."""

    def add(_: int) -> None:
        for _ in range(5_000):
            attempt.record_usage(prompt_tokens=1, completion_tokens=2)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with op.attempt(stage="B") as attempt, ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(4)))
    finally:
        sys.setswitchinterval(interval)
    [record] = captured.records
    assert (record.prompt_tokens, record.completion_tokens) == (20_000, 40_000)
