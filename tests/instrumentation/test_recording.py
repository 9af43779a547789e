"""What the caller records on a running attempt is in its record, as it was said."""

from __future__ import annotations

import asyncio
import enum
import logging
from typing import Any

import numpy as np
import pytest
from opentelemetry import trace

import otel_persona as op
from otel_persona.records import Status
from otel_persona.testing import Captured, capture


class Move(enum.StrEnum):
    """Opening moves as an enum."""

    HOOK = "situational_hook"


# How such enums were written before ``StrEnum``; ``str()`` of a member is 'Kind.LEAK'.
OldStatus = enum.Enum("OldStatus", {"REPAIR": "repair"}, type=str)
Kind: Any = enum.Enum("Kind", {"LEAK": "trait_leak"}, type=str)


def test_everything_adds_up(captured: Captured) -> None:
    """Tokens and lists accumulate over calls; a score, a move and a model are the last said."""
    with op.attempt(stage="B", persona_id="p", model="asked") as a:
        a.record_usage(prompt_tokens=450, completion_tokens=320, model="m-1")
        a.record_usage(prompt_tokens=50)
        a.record_usage(completion_tokens=0, model="m-2")
        a.record_repair("trait_leak")
        a.record_repair()
        a.record_repair("opening_repetition", "trait_leak")
        a.record_score("pollyanna", 0.9)
        a.record_scores({"pollyanna": 0.7, "trait_leak": 0})
        a.record_scores({})
        a.record_opening_move("first")
        a.record_opening_move("situational_hook")
        a.record_constraints("time_pressure")
        a.record_constraints("family_duty")
        a.record_anchors("piața din Cahul", "zacuscă")
        a.record_anchors("zacuscă")
    [record] = captured.records
    assert (record.prompt_tokens, record.completion_tokens) == (500, 320)
    assert record.model == "m-2"
    assert record.repairs == ["trait_leak", "opening_repetition", "trait_leak"]
    assert record.validator_scores == {"pollyanna": 0.7, "trait_leak": 0.0}
    assert record.opening_move == "situational_hook"
    assert record.constraint_categories == ["time_pressure", "family_duty"]
    assert record.anchors_used == ["piața din Cahul", "zacuscă", "zacuscă"]
    assert record.status == "success"
    assert captured.metric("persona.records.rejected") == {}


def test_an_attempt_on_which_nothing_is_recorded(captured: Captured) -> None:
    """It has every field of a record, and unknown tokens are 0."""
    with op.attempt(stage="validation", persona_id="p"):
        pass
    [record] = captured.records
    assert record.run_id == "25K_20260131_143200"
    assert (record.persona_id, record.stage, record.attempt) == ("p", "validation", 1)
    assert (record.prompt_tokens, record.completion_tokens, record.model) == (0, 0, None)
    assert record.repairs == record.constraint_categories == record.anchors_used == []
    assert (record.validator_scores, record.opening_move, record.error) == ({}, None, None)


def test_values_of_other_types_that_fit(captured: Captured) -> None:
    """Numbers of numpy and enums that are text become plain numbers and plain text."""
    with op.attempt(stage="B", persona_id="p") as attempt:
        a: Any = attempt  # as a program without type checks sees it
        a.record_usage(prompt_tokens=np.int32(7), completion_tokens=np.uint64(8))
        a.record_score("a", np.float32(0.5))
        a.record_score("b", np.int64(1))
        a.record_score("c", True)
        a.record_opening_move(Move.HOOK)
        a.record_repair(Kind("trait_leak"))
        a.record_anchors("lone \ud800 surrogate")
    [record] = captured.records
    assert (record.prompt_tokens, record.completion_tokens) == (7, 8)
    assert record.validator_scores == {"a": 0.5, "b": 1.0, "c": 1.0}
    assert record.opening_move == "situational_hook"
    assert record.repairs == ["trait_leak"]
    assert record.anchors_used == ["lone ? surrogate"]
    assert type(record.prompt_tokens) is int
    assert {type(score) for score in record.validator_scores.values()} == {float}
    assert {type(text) for text in (record.opening_move, *record.repairs)} == {str}
    assert captured.metric("persona.records.rejected") == {}


def test_a_repair_does_not_change_the_status(captured: Captured) -> None:
    """The specification's own example is a success with repairs."""
    with op.attempt(stage="B") as a:
        a.record_repair("trait_leak")
    assert captured.records[0].status == "success"


@pytest.mark.parametrize("status", ["success", "fail", "repair"])
def test_a_status_that_is_said(status: Status, captured: Captured) -> None:
    """It is the record's; only a failure is an error of the span."""
    with op.attempt(stage="B") as a:
        a.set_status("fail")
        a.set_status(status)
    [record], [span] = captured.records, captured.spans
    assert span.attributes is not None
    assert (record.status, record.error) == (status, None)
    assert span.attributes["persona.attempt.status"] == status
    assert span.attributes["persona.attempt.outcome"] == ("error" if status == "fail" else "ok")
    assert span.status.is_ok is (status != "fail")


def test_a_status_as_an_enum(captured: Captured) -> None:
    """A member that is text is its text, on every label and attribute."""
    status: Any = OldStatus("repair")
    with op.attempt(stage="B") as a:
        a.set_status(status)
    assert type(captured.records[0].status) is str
    [labels] = captured.metric("persona.attempts")
    assert type(dict(labels)["status"]) is str


def test_a_failure_without_an_exception(captured: Captured) -> None:
    """``fail`` gives the reason, as one line of 1,000 characters at most."""
    with op.attempt(stage="B") as a:
        a.fail("the reply\n was   empty" + "!" * 2_000)
    [record], [span] = captured.records, captured.spans
    assert record.status == "fail"
    assert record.error is not None
    assert record.error.startswith("the reply was empty!!")
    assert len(record.error) == 1_000
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.status.description == record.error
    assert not span.events


def test_an_exception_beats_what_was_said(captured: Captured) -> None:
    """Whatever the status was, what comes out of the attempt makes it a failure."""
    said: list[Status] = ["success", "repair", "fail"]

    @op.attempt(stage="B")
    def generate(status: Status) -> None:
        op.current_attempt().fail("said before")
        op.current_attempt().set_status(status)
        raise ValueError("no")

    for status in said:
        with pytest.raises(ValueError, match="no"):
            generate(status)
    assert {(r.status, r.error) for r in captured.records} == {("fail", "ValueError: no")}


def test_a_success_that_is_said_after_a_failure(captured: Captured) -> None:
    """A retry inside the attempt may take its failure back; no error is left then."""
    with op.attempt(stage="B") as a:
        a.fail("the first reply was empty")
        a.set_status("success")
    assert captured.records[0].status == "success"
    assert captured.records[0].error is None
    assert "persona.attempt.error" not in (captured.spans[0].attributes or {})


def test_recording_after_the_end(captured: Captured, caplog: pytest.LogCaptureFixture) -> None:
    """It changes nothing, is told once and counted, and raises nothing."""
    with op.attempt(stage="B") as a:
        a.record_repair("in time")
    with caplog.at_level(logging.WARNING, "otel_persona"):
        a.record_usage(prompt_tokens=1)
        a.record_repair("late")
        a.record_score("late", 1)
        a.record_scores({"late": 1})
        a.record_opening_move("late")
        a.record_constraints("late")
        a.record_anchors("late")
        a.set_status("fail")
        a.fail("late")
    [record] = captured.records
    assert record.repairs == ["in time"]
    assert (record.status, record.validator_scores, record.prompt_tokens) == ("success", {}, 0)
    assert len(caplog.messages) == 1
    assert "has ended" in caplog.messages[0]
    [point] = captured.metric("persona.records.rejected").values()
    assert (point.attributes, point.value) == ({"reason": "attempt_ended"}, 9)


def test_without_an_attempt(captured: Captured, caplog: pytest.LogCaptureFixture) -> None:
    """Outside of any attempt everything can be recorded, and nothing is."""
    a = op.current_attempt()
    a.record_usage(prompt_tokens=1, model="m")
    a.record_repair("x")
    a.record_score("x", 1)
    a.record_scores({"x": 1})
    a.record_opening_move("x")
    a.record_constraints("x")
    a.record_anchors("x")
    a.set_status("fail")
    a.fail("x")
    assert (a.persona_id, a.stage, a.number) == ("", "", 1)
    assert a.span is trace.INVALID_SPAN
    assert caplog.messages == []
    assert list(captured.spans) == []
    assert captured.metric("persona.records.rejected") == {}


def test_the_current_attempt_is_the_innermost(captured: Captured) -> None:
    """Through scopes, other spans, tasks and calls, and the outer one again afterwards."""

    @op.attempt(stage="C")
    def inner() -> None:
        op.current_attempt().record_repair("inner")

    async def in_task() -> None:
        op.current_attempt().record_repair("task")

    with op.attempt(stage="B") as outer:
        with op.persona("p"), captured.tracer().start_as_current_span("x"):
            assert op.current_attempt() is outer
            inner()
        asyncio.run(in_task())
        assert op.current_attempt() is outer
    assert [record.repairs for record in captured.records] == [["inner"], ["task"]]


@pytest.mark.parametrize(("elapsed_us", "latency_ms"), [(1_400, 1), (1_600, 2)])
def test_a_latency_is_rounded(elapsed_us: int, latency_ms: int) -> None:
    """To the nearest millisecond: cutting would make every mean half a millisecond too small."""
    now = [1_769_869_921_234_000_000]
    with capture(clock=lambda: now[0]) as captured, op.attempt(stage="B"):
        now[0] += elapsed_us * 1_000
    assert captured.records[0].latency_ms == latency_ms


def test_the_times_of_an_attempt(captured: Captured) -> None:
    """``ts`` is the moment of the end, in UTC, and the latency is the span's own duration."""
    with op.attempt(stage="B"):
        pass
    [record], [span] = captured.records, captured.spans
    assert span.start_time is not None
    assert span.end_time is not None
    stamp = np.datetime64(span.end_time // 1_000_000, "ms")
    assert record.ts == f"{stamp}Z"
    assert record.latency_ms <= (span.end_time - span.start_time) // 1_000_000 + 1
