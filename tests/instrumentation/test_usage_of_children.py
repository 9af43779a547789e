"""Token usage read from the spans below an attempt, where its caller records none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler, TraceIdRatioBased
from opentelemetry.trace import Tracer

import otel_persona as op
from otel_persona.testing import Captured, capture


@pytest.fixture(params=[ALWAYS_ON, TraceIdRatioBased(0)], ids=["sampled", "unsampled"])
def captured(request: pytest.FixtureRequest) -> Iterator[Captured]:
    """Give what the test's attempts leave behind, sampled or not."""
    sampler: Sampler = request.param
    with capture(sampler=sampler, run_id="25K_1") as kept:
        yield kept


@contextmanager
def call(tracer: Tracer, prompt: int, completion: int, model: str = "m") -> Iterator[None]:
    """Be a provider's instrumentation around one request."""
    with tracer.start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.request.model", model)
        yield
        span.set_attribute("gen_ai.usage.input_tokens", prompt)
        span.set_attribute("gen_ai.usage.output_tokens", completion)


def tokens(captured: Captured) -> list[tuple[int, int]]:
    """Give the tokens of each record."""
    return [(record.prompt_tokens, record.completion_tokens) for record in captured.records]


def test_the_usage_of_all_children_is_summed(captured: Captured) -> None:
    """Several requests of one attempt add up, and the model is theirs."""
    tracer = captured.tracer()
    with op.attempt(stage="B"):
        for _ in range(3):
            with call(tracer, 10, 5):
                pass
        with tracer.start_as_current_span("step"), call(tracer, 1, 2):
            pass
    assert tokens(captured) == [(31, 17)]
    assert captured.records[0].model == "m"
    points = captured.metric("persona.tokens")
    assert {dict(labels)["type"]: point.value for labels, point in points.items()} == {
        "input": 31,
        "output": 17,
    }
    own = captured.spans[-1].attributes or {}
    assert own["gen_ai.usage.input_tokens"] == 31
    assert own["gen_ai.usage.output_tokens"] == 17


def test_a_frameworks_span_around_a_providers_counts_once(captured: Captured) -> None:
    """Both carry the same usage; the innermost is the one that counts."""
    tracer = captured.tracer()
    with op.attempt(stage="B"):
        with call(tracer, 15, 6), tracer.start_as_current_span("between"):
            with call(tracer, 10, 5):
                pass
            with call(tracer, 5, 1):
                pass
        with call(tracer, 100, 50):
            pass
    assert tokens(captured) == [(115, 56)]


def test_what_the_caller_records_wins(captured: Captured) -> None:
    """Before the request or after it; zero is a figure too."""
    tracer = captured.tracer()
    with op.attempt(stage="B") as a:
        a.record_usage(prompt_tokens=1)
        with call(tracer, 10, 5):
            pass
    with op.attempt(stage="B") as a:
        with call(tracer, 10, 5):
            pass
        a.record_usage(prompt_tokens=0, completion_tokens=0)
    assert tokens(captured) == [(1, 0), (0, 0)]


def test_a_model_alone_is_no_usage(captured: Captured) -> None:
    """Naming the model leaves the tokens to the children; the name given stays."""
    with op.attempt(stage="B", model="mine"), call(captured.tracer(), 10, 5, "theirs"):
        op.current_attempt().record_usage()
    with op.attempt(stage="B"), call(captured.tracer(), 10, 5, "theirs"):
        op.current_attempt().record_usage(model="said")
    assert tokens(captured) == [(10, 5), (10, 5)]
    assert [record.model for record in captured.records] == ["mine", "said"]


def test_nested_attempts_keep_their_own(captured: Captured) -> None:
    """Tokens belong to the innermost attempt, whether read or recorded, and to no other."""
    tracer = captured.tracer()
    with op.attempt(stage="B"):
        with op.attempt(stage="C"), call(tracer, 10, 5):
            pass
        with op.attempt(stage="C") as inner:
            inner.record_usage(prompt_tokens=7)
        with call(tracer, 1, 2):
            pass
    assert tokens(captured) == [(10, 5), (7, 0), (1, 2)]


def test_a_frameworks_span_around_a_nested_attempt(captured: Captured) -> None:
    """Its usage is that of the attempt inside it, which keeps it to itself."""
    tracer = captured.tracer()
    with op.attempt(stage="B"), call(tracer, 10, 5), op.attempt(stage="C"), call(tracer, 10, 5):
        pass
    assert tokens(captured) == [(10, 5), (0, 0)]


def test_children_in_tasks_and_threads(captured: Captured) -> None:
    """Wherever the requests run, they are below the attempt."""
    tracer = captured.tracer()

    async def chat() -> None:
        with call(tracer, 1, 1):
            await asyncio.sleep(0)

    def ask() -> None:
        with call(tracer, 10, 10):
            pass

    async def main() -> None:
        async with op.attempt(stage="B"):
            await asyncio.gather(*(chat() for _ in range(20)))
            with ThreadPoolExecutor(4) as pool:
                for future in [pool.submit(copy_context().run, ask) for _ in range(20)]:
                    future.result()

    asyncio.run(main(), debug=True)
    assert tokens(captured) == [(220, 220)]


def test_a_generators_children(captured: Captured) -> None:
    """Requests of its body count, and those of its reader between two steps do not."""
    tracer = captured.tracer()

    @op.attempt(stage="B")
    def generate() -> Iterator[int]:
        with call(tracer, 10, 5):
            yield 1
        yield 2

    for _ in generate():
        with call(tracer, 1_000, 1_000):
            pass
    assert tokens(captured) == [(10, 5)]


@pytest.mark.parametrize("usage", ["12", -1, 1.5, True, 2**60])
def test_usage_that_is_no_count_is_ignored(captured: Captured, usage: str | float) -> None:
    """Another instrumentation may write anything there."""
    with op.attempt(stage="B"), captured.tracer().start_as_current_span("odd") as span:
        span.set_attribute("gen_ai.usage.input_tokens", usage)
    assert tokens(captured) == [(0, 0)]
    assert captured.metric("persona.tokens") == {}


def test_a_request_that_fails_half_way(captured: Captured) -> None:
    """What its span says is counted, and unknown tokens stay unknown."""
    tracer = captured.tracer()
    with op.attempt(stage="B"), tracer.start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.usage.input_tokens", 9)
    with op.attempt(stage="B"), tracer.start_as_current_span("chat"):
        pass
    assert tokens(captured) == [(9, 0), (0, 0)]
    *_, last = captured.spans
    assert "gen_ai.usage.input_tokens" not in (last.attributes or {})


def test_spans_outside_of_attempts_are_nobodys(captured: Captured) -> None:
    """Before, after, and beside."""
    tracer = captured.tracer()
    with call(tracer, 1, 1):
        pass
    with op.persona("p"), call(tracer, 2, 2), op.attempt(stage="B"):
        pass
    with call(tracer, 3, 3):
        pass
    assert tokens(captured) == [(0, 0)]
