"""Generators: their span is current in their body alone, and ends however they end."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from collections.abc import Callable, Generator, Iterator
from contextvars import ContextVar, copy_context

import pytest
from opentelemetry import baggage, trace
from opentelemetry import context as context_api

import otel_persona as op
from otel_persona.testing import Captured

Outcomes = Callable[[], list[str]]
VARIABLE: ContextVar[str] = ContextVar("variable", default="unset")


@op.attempt(stage="B")
def count(persona_id: str, to: int = 3) -> Generator[int, None, None]:
    """Count up; the decorated generator of most tests."""
    yield from range(to)


def test_what_was_thrown_in_is_no_context_of_a_later_exception(captured: Captured) -> None:
    """A body that has handled one exception and raises another later says no word of the first."""

    @op.attempt(stage="B")
    def generate(persona_id: str) -> Generator[int, None, None]:
        with contextlib.suppress(KeyError):
            yield 1
        yield 2
        raise ValueError("later")

    generating = generate("p")
    next(generating)
    assert generating.throw(KeyError("first")) == 2
    with pytest.raises(ValueError, match="later") as raised:
        next(generating)
    assert raised.value.__context__ is None


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
    def talk() -> Generator[int, int, str]:
        VARIABLE.set("of the body")
        context_api.attach(baggage.set_baggage("of", "the body"))
        try:
            yield 1
        except ValueError:
            yield 2
        yield 3
        return "done"

    with captured.tracer().start_as_current_span("caller"):
        before = surroundings()
        talking = talk()
        assert surroundings() == before
        assert next(talking) == 1
        assert surroundings() == before
        assert talking.throw(ValueError()) == 2
        assert surroundings() == before
        assert talking.send(5) == 3
        assert surroundings() == before
        with pytest.raises(StopIteration) as stop:
            next(talking)
        assert stop.value.value == "done"
        assert surroundings() == before
    assert VARIABLE.get() == "unset"


def test_the_callers_context_is_the_same_after_a_close(captured: Captured) -> None:
    """Closing a generator that is in the middle, in another context, changes nothing either."""
    counting = count("p")
    next(counting)
    with captured.tracer().start_as_current_span("caller"):
        before = surroundings()
        counting.close()
        assert surroundings() == before


def test_the_body_is_in_its_own_context_in_every_step(captured: Captured) -> None:
    """The attempt's span is current in each step, and what the body sets stays for its next."""
    seen: list[object] = []

    @op.attempt(stage="B")
    def generate() -> Iterator[int]:
        VARIABLE.set("of the body")
        for item in range(3):
            seen.append((trace.get_current_span(), op.current_attempt(), VARIABLE.get()))
            yield item
        seen.append((trace.get_current_span(), op.current_attempt(), VARIABLE.get()))

    for _ in generate():
        with op.attempt(stage="C"):
            pass
    assert len(seen) == 4
    assert len(set(seen)) == 1
    *callers, own = captured.spans
    assert own.name == "generate_persona B"
    assert [span.parent for span in callers] == [None, None, None]


def test_the_caller_that_starts_it_is_its_parent(captured: Captured) -> None:
    """The attempt begins with the first step, below what is current there."""
    tracer = captured.tracer()
    with tracer.start_as_current_span("makes"):
        counting = count("p")
    with tracer.start_as_current_span("starts") as starts:
        next(counting)
    with tracer.start_as_current_span("finishes"):
        list(counting)
    attempt = next(span for span in captured.spans if span.name == "generate_persona B")
    assert attempt.parent is not None
    assert attempt.parent.span_id == starts.get_span_context().span_id


def test_interleaved_generators_keep_their_own_spans(captured: Captured) -> None:
    """What each body does between its steps is below its own attempt, and no other."""

    @op.attempt(stage="B")
    def generate(persona_id: str) -> Iterator[str]:
        for _ in range(3):
            with captured.tracer().start_as_current_span("of " + persona_id):
                yield op.current_attempt().persona_id

    steps = [item for pair in zip(generate("a"), generate("b"), strict=True) for item in pair]
    assert steps == ["a", "b"] * 3
    own = {
        span.attributes["persona.id"]: span.context.span_id
        for span in captured.spans
        if span.attributes and span.context and "persona.id" in span.attributes
    }
    below = [(span.name, span.parent) for span in captured.spans if span.name.startswith("of ")]
    assert len(below) == 6
    for name, parent in below:
        assert parent is not None
        assert parent.span_id == own[name.removeprefix("of ")]


@pytest.mark.parametrize("how", ["dropped", "closed", "broken out of", "collected"])
def test_an_abandoned_generator_ends_its_attempt(
    how: str, captured: Captured, outcomes: Outcomes
) -> None:
    """Whoever stops reading early leaves a finished attempt that says so."""
    cleaned: list[trace.Span] = []

    @op.attempt(stage="B")
    def generate(persona_id: str) -> Generator[list[object], None, None]:
        try:
            yield [1]
            yield [2]
        finally:
            cleaned.append(trace.get_current_span())

    if how == "dropped":
        dropped = generate("p")
        next(dropped)
        del dropped
    elif how == "closed":
        closed = generate("p")
        next(closed)
        closed.close()
        closed.close()
    elif how == "broken out of":
        for _ in generate("p"):
            break
    else:
        gc.disable()  # a run in between would change the order of what is collected at once
        collected = generate("p")
        next(collected).append(collected)  # a reference cycle
        del collected
        gc.enable()
        gc.collect()
    assert outcomes() == ["abandoned"]
    [record] = captured.records
    assert (record.status, record.error) == ("fail", "GeneratorExit: abandoned")
    assert [span.get_span_context() for span in cleaned] == [captured.spans[0].context]


def test_one_that_is_never_started_is_no_attempt(captured: Captured, started: list[str]) -> None:
    """Without a first step nothing begins, and so nothing leaks."""
    count("p")
    never = count("p")
    never.close()
    with pytest.raises(StopIteration):
        next(never)
    thrown = count("p")
    with pytest.raises(ValueError, match="early"):
        thrown.throw(ValueError("early"))
    assert list(captured.records) == []
    assert started == []


def test_send_throw_and_return_reach_the_body(captured: Captured, outcomes: Outcomes) -> None:
    """What is sent and thrown in arrives, and the return value comes out of ``yield from``."""

    @op.attempt(stage="B")
    def talk() -> Generator[str, str, str]:
        heard = yield "ready"
        try:
            heard += yield heard.upper()
        except KeyError as error:
            heard += yield f"caught {error}"
        return heard

    def outer() -> Generator[str, str, str]:
        return (yield from talk()) + "!"

    talking = outer()
    assert next(talking) == "ready"
    assert talking.send("one") == "ONE"
    assert talking.throw(KeyError("k")) == "caught 'k'"
    with pytest.raises(StopIteration) as stop:
        talking.send(" two")
    assert stop.value.value == "one two!"
    assert outcomes() == ["ok"]


def test_a_thrown_exception_that_comes_back_out(captured: Captured, outcomes: Outcomes) -> None:
    """An exception thrown in and not caught is the same object outside, and the attempt failed."""
    error = ValueError("thrown")
    counting = count("p")
    next(counting)
    with pytest.raises(ValueError, match="thrown") as raised:
        counting.throw(error)
    assert raised.value is error
    assert outcomes() == ["error"]
    assert captured.records[0].error == "ValueError: thrown"


def test_stop_iteration_in_a_body_is_a_runtime_error(outcomes: Outcomes) -> None:
    """As in any generator; it is not taken for the end."""

    @op.attempt(stage="B")
    def generate() -> Iterator[int]:
        yield 1
        raise StopIteration

    with pytest.raises(RuntimeError, match="generator raised StopIteration"):
        list(generate())
    assert outcomes() == ["error"]


def test_closing_a_generator_that_refuses(outcomes: Outcomes) -> None:
    """A body that goes on after ``close`` gets the usual error, and can go on."""

    @op.attempt(stage="B")
    def generate() -> Generator[int, None, None]:
        try:
            yield 1
        except GeneratorExit:
            yield 2
        yield 3

    stubborn = generate()
    next(stubborn)
    with pytest.raises(RuntimeError, match="generator ignored GeneratorExit"):
        stubborn.close()
    assert list(stubborn) == [3]
    assert len(outcomes()) == 1


def test_an_error_while_it_is_closed(captured: Captured, outcomes: Outcomes) -> None:
    """What a body raises in its clean-up comes out of ``close`` and is the attempt's failure."""

    @op.attempt(stage="B")
    def generate() -> Generator[int, None, None]:
        op.current_attempt().set_status("success")
        try:
            yield 1
        finally:
            raise ValueError("clean-up")

    closing = generate()
    next(closing)
    with pytest.raises(ValueError, match="clean-up"):
        closing.close()
    assert outcomes() == ["error"]
    assert captured.records[0].status == "fail"
    assert captured.records[0].error == "ValueError: clean-up"


def test_who_has_said_success_may_be_left_early(captured: Captured, outcomes: Outcomes) -> None:
    """A body that was satisfied before its reader left keeps its word; the outcome is exact."""

    @op.attempt(stage="B")
    def generate() -> Iterator[int]:
        yield 1
        op.current_attempt().set_status("success")
        yield 2

    for item in generate():
        if item == 2:
            break
    assert captured.records[0].status == "success"
    assert captured.records[0].error is None
    assert captured.spans[0].status.status_code is trace.StatusCode.UNSET
    assert outcomes() == ["abandoned"]


@pytest.mark.parametrize("end", ["close", "finish", "throw"])
def test_nothing_is_kept_of_a_generator_that_has_ended(end: str, captured: Captured) -> None:
    """Its arguments are freed at once, as without us; no cycle waits for the collector."""

    class Prompt:
        """Something large that a call is given."""

    @op.attempt(stage="B")
    def generate(prompt: Prompt) -> Generator[int, None, None]:
        yield 1

    prompt = Prompt()
    alive = weakref.ref(prompt)
    generating = generate(prompt)
    gc.disable()
    try:
        next(generating)
        if end == "close":
            generating.close()
        elif end == "finish":
            list(generating)
        else:
            with pytest.raises(KeyError):
                generating.throw(KeyError())
        del generating, prompt
        assert alive() is None
    finally:
        gc.enable()


def test_steps_in_different_threads(captured: Captured, outcomes: Outcomes) -> None:
    """A generator may be driven by one thread after the other, as web servers do."""
    counting = count("p", 4)
    seen: list[int] = []

    for _ in range(4):
        thread = threading.Thread(target=lambda: seen.append(next(counting)))
        thread.start()
        thread.join()
    assert list(counting) == []
    assert seen == [0, 1, 2, 3]
    assert outcomes() == ["ok"]


def test_a_generator_inside_a_generator(captured: Captured) -> None:
    """``yield from`` a decorated generator: its attempt stands below the outer one."""

    @op.attempt(stage="C")
    def outer() -> Iterator[int]:
        yield from count("inner", 2)
        assert op.current_attempt().stage == "C"
        yield 9

    assert list(outer()) == [0, 1, 9]
    inner, around = captured.spans
    assert inner.name == "generate_persona B"
    assert inner.parent == around.context


def test_a_recursive_generator(captured: Captured) -> None:
    """Each level is an attempt below the level above it."""

    @op.attempt(stage="B")
    def down(persona_id: int) -> Iterator[int]:
        yield persona_id
        if persona_id:
            yield from down(persona_id - 1)

    assert list(down(3)) == [3, 2, 1, 0]
    assert [record.persona_id for record in captured.records] == ["0", "1", "2", "3"]
    for below, above in zip(captured.spans, captured.spans[1:], strict=False):
        assert below.parent == above.context


def test_the_duration_spans_all_steps() -> None:
    """The latency is from the first step to the end, the reader's own time included."""
    from otel_persona.testing import capture

    now = [1_000_000_000_000_000_000]
    with capture(clock=lambda: now[0]) as captured:
        counting = count("p", 2)
        now[0] += 5_000_000_000
        next(counting)
        now[0] += 40_000_000
        next(counting)
        now[0] += 2_000_000
        list(counting)
    assert captured.records[0].latency_ms == 42
