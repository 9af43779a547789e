"""Calls that type checkers must accept, each with the exact type it has."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator
from pathlib import Path
from typing import Any, assert_type

import otel_persona as op
from otel_persona.aggregation import BatchSummary, IndicatorChange
from otel_persona.testing import capture


@op.attempt(stage="B")
def plain(persona_id: str, length: int = 3) -> bytes:
    """Be plain."""
    return persona_id.encode() * length


@op.attempt(stage="B", persona_id_from="uuid", number=2, target="t", symbol="s", model="m")
async def coroutine(uuid: str) -> float:
    """Be a coroutine."""
    return len(uuid)


@op.attempt(stage="B", persona_id_from=lambda uuid: uuid)
def generator(uuid: str) -> Generator[int, str, bytes]:
    """Be a generator."""
    yield len(uuid)
    return b""


@op.attempt(stage="B")
def iterator(uuid: str) -> Iterator[int]:
    """Be a generator that says it is an iterator."""
    yield len(uuid)


@op.attempt(stage="B")
async def async_generator(uuid: str) -> AsyncGenerator[int, str]:
    """Be an asynchronous generator."""
    yield len(uuid)


@op.attempt(stage="B")
def later(uuid: str) -> Coroutine[Any, Any, float]:
    """Return a coroutine."""
    return coroutine(uuid)


class Writer:
    """Methods of every kind."""

    @op.attempt(stage="B")
    def method(self, persona_id: str) -> int:
        """Be a method."""
        return len(persona_id)

    @op.attempt(stage="B")
    @classmethod
    def over_class_method(cls, persona_id: str) -> int:
        """Be decorated over ``classmethod``."""
        return len(persona_id)

    @classmethod
    @op.attempt(stage="B")
    def under_class_method(cls, persona_id: str) -> int:
        """Be decorated under ``classmethod``."""
        return len(persona_id)

    @op.attempt(stage="B")
    @staticmethod
    def over_static_method(persona_id: str) -> int:
        """Be decorated over ``staticmethod``."""
        return len(persona_id)

    @staticmethod
    @op.attempt(stage="B")
    async def under_static_method(persona_id: str) -> int:
        """Be decorated under ``staticmethod``."""
        return len(persona_id)


async def main(writer: Writer) -> None:
    """Call everything."""
    assert_type(plain("p", length=2), bytes)
    assert_type(await coroutine("p"), float)
    assert_type(generator("p"), Generator[int, str, bytes])
    assert_type(iterator("p"), Iterator[int])
    assert_type(async_generator("p"), AsyncGenerator[int, str])
    assert_type(await later("p"), float)
    assert_type(writer.method("p"), int)
    assert_type(Writer.over_class_method("p"), int)
    assert_type(writer.over_class_method("p"), int)
    assert_type(Writer.under_class_method("p"), int)
    assert_type(writer.over_static_method("p"), int)
    assert_type(await Writer.under_static_method("p"), int)
    with op.attempt(stage="B") as attempt:
        assert_type(attempt, op.Attempt)
    async with op.attempt(stage="B", persona_id=5) as attempt:
        assert_type(attempt.persona_id, str)
        assert_type(attempt.number, int)
    async with op.persona("p", tier="25K", target="t", symbol="s") as scope:
        assert_type(scope.persona_id, str)


def record(attempt: op.Attempt) -> None:
    """Record everything."""
    assert_type(op.current_attempt(), op.Attempt)
    attempt.record_usage(prompt_tokens=1, completion_tokens=2, model="m")
    attempt.record_repair("a", "b")
    attempt.record_score("pollyanna", 0.5)
    attempt.record_scores({"pollyanna": 1})
    attempt.record_opening_move("hook")
    attempt.record_constraints("a")
    attempt.record_anchors(*["a", "b"])
    attempt.set_status("repair")
    attempt.fail("reason")
    assert_type(op.log_attempt({"ts": "…"}), bool)


def on_batch(summary: BatchSummary) -> None:
    """Take a batch."""


def on_change(change: IndicatorChange) -> None:
    """Take a change."""


def set_up(clock: Callable[[], int]) -> None:
    """Set everything up."""
    handle = op.configure(
        run_id="r",
        tier="25K",
        log="generation.log",
        sidecars=Path("REPRODUCIBILITY"),
        batch="personas:10",
        target="hobbies",
        safety={"telemetry": {"checkpoint_s": 60}},
        stages=["B"],
        prices={"default": 0.1},
        clock=clock,
        on_batch=on_batch,
        on_indicator_change=on_change,
    )
    op.AttemptSpanProcessor(op.CohortExporter("REPRODUCIBILITY", settings=op.Settings()))
    assert_type(handle.force_flush(1.0), bool)
    assert_type(handle.shutdown(timeout_s=1), bool)
    assert_type(op.shutdown(), bool)
    with capture(label_values=3) as captured:
        assert_type(captured.batches, list[BatchSummary])


def by_hand() -> None:
    """Save figures that come from no attempts."""
    tracker = op.ReproducibilityTracker("results", op.Settings())
    folder = tracker.save_to_cohort(
        stage="S",
        view="SYMBOL_SPECIFIC",
        target="t",
        symbol="AAPL",
        run_id="r",
        metrics={"auc": 0.7, "n": 5, "ok": True, "scheme": "purged", "nothing": None},
        metadata={"seed": 1},
        ended_at="2026-01-31T14:32:01.234Z",
    )
    assert_type(folder, Path | None)
    tracker.generate_view_rollup(stage="S", view="CROSS_SECTIONAL", run_id="r")
    tracker.mark_good("r")


async def read(steps: AsyncIterator[int]) -> list[int]:
    """Take an asynchronous generator where an iterator is wanted."""
    return [step async for step in steps]


async def pass_on() -> None:
    """Hand decorated functions on."""
    assert_type(await read(async_generator("p")), list[int])
    functions: list[Callable[[str], Coroutine[Any, Any, float]]] = [coroutine, later]
    assert_type(len(functions), int)
