"""The scope of a persona: a span, the numbers of its attempts, and what they inherit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry import trace

import otel_persona as op
from otel_persona.testing import Captured, capture


def attributes(captured: Captured) -> Mapping[str, object]:
    """Give the attributes of the span that ended last."""
    return captured.spans[-1].attributes or {}


def test_attempts_are_counted_by_persona_and_stage(captured: Captured) -> None:
    """Each stage counts from 1, for each persona apart, whatever ends in between."""
    with op.persona("p"):
        for stage, persona_id in ("B", None), ("C", None), ("B", None), ("B", "q"), ("B", None):
            with op.attempt(stage=stage, persona_id=persona_id):
                pass
    with op.persona("p"), op.attempt(stage="B"):
        pass
    assert [(r.persona_id, r.stage, r.attempt) for r in captured.records] == [
        ("p", "B", 1),
        ("p", "C", 1),
        ("p", "B", 2),
        ("q", "B", 1),
        ("p", "B", 3),
        ("p", "B", 1),
    ]


def test_without_a_scope_each_attempt_is_the_first(captured: Captured) -> None:
    """Nobody counts them, so they are number 1."""
    use = op.attempt(stage="B", persona_id="p")
    for _ in range(2):
        with use:
            pass
    assert [record.attempt for record in captured.records] == [1, 1]


def test_a_number_given_is_kept(captured: Captured) -> None:
    """A retry library counts by itself."""
    with op.persona("p"):
        for number in 4, 5:
            with op.attempt(stage="B", number=number) as attempt:
                assert attempt.number == number
    assert [record.attempt for record in captured.records] == [4, 5]
    assert attributes(captured)["persona.attempts.B"] == 2, "the scope counts these too"


def test_a_scope_that_is_used_again(captured: Captured) -> None:
    """One after the other it is the same persona, whose attempts are counted on."""
    scope = op.persona("p")
    for _ in range(2):
        with scope, op.attempt(stage="B"):
            pass
    assert [(record.persona_id, record.attempt) for record in captured.records] == [
        ("p", 1),
        ("p", 2),
    ]
    assert [span.parent is None for span in captured.spans if span.name == "persona"] == [True] * 2


def test_a_scope_that_is_open_already(captured: Captured) -> None:
    """Which of two spans would be current nobody could say: it is an error, and harms nothing."""
    scope = op.persona("p")
    with scope:
        with pytest.raises(op.UsageError, match="'p' is open already"), scope:
            pass
        assert trace.get_current_span() is scope.span
    assert len(captured.spans) == 1


def test_the_spans_of_a_scope(captured: Captured) -> None:
    """The scope is the parent, and says whose it is and how many attempts each stage took."""
    with op.persona("p", tier="5K", target="t", symbol="s") as scope:
        assert trace.get_current_span() is scope.span
        for stage in "BBC":
            with op.attempt(stage=stage):
                pass
    *attempts, span = captured.spans
    assert [below.parent for below in attempts] == [span.context] * 3
    assert span.name == "persona"
    assert attributes(captured) == {
        "persona.id": "p",
        "persona.run.id": "25K_20260131_143200",
        "persona.tier": "5K",
        "persona.target": "t",
        "persona.symbol": "s",
        "persona.attempts.B": 2,
        "persona.attempts.C": 1,
    }
    assert span.status.status_code is trace.StatusCode.UNSET
    assert len(captured.records) == 3


def test_a_scope_shows_its_own_personas_attempts_alone(captured: Captured) -> None:
    """An attempt of another persona inside it is in no figure of the scope's span."""
    with op.persona("p"):
        for stage, persona_id in ("B", None), ("B", "q"), ("B", "q"), ("C", "q"):
            with op.attempt(stage=stage, persona_id=persona_id):
                pass
    counted = {
        name: count
        for name, count in attributes(captured).items()
        if name.startswith("persona.attempts.")
    }
    assert counted == {"persona.attempts.B": 1}


def test_a_scope_is_an_error_where_an_exception_comes_out(captured: Captured) -> None:
    """The exception goes on its way, and the scope's span says so."""
    error = ValueError("no")
    with pytest.raises(ValueError, match="no") as raised, op.persona("p"):
        raise error
    assert raised.value is error
    assert captured.spans[0].status.status_code is trace.StatusCode.ERROR
    assert captured.spans[0].status.description == "ValueError: no"
    assert op.current_attempt().persona_id == ""


def test_tier_target_and_symbol_are_inherited(captured: Captured) -> None:
    """From the scope, unless the attempt has its own; the setting's tier comes last."""
    with op.persona("p", tier="5K", target="t", symbol="s"):
        with op.attempt(stage="B"):
            pass
        with op.attempt(stage="B", target="own", symbol="mine"):
            pass
    with op.attempt(stage="B", target="own"):
        pass
    assert [(r.tier, r.target, r.symbol) for r in captured.records] == [
        ("5K", "t", "s"),
        ("5K", "own", "mine"),
        (None, "own", None),
    ]
    assert {dict(labels)["tier"] for labels in captured.metric("persona.attempts")} == {
        "5K",
        "25K",
    }


def test_the_tier_of_the_settings() -> None:
    """A tier that is set is on every record; the scope's own comes first."""
    with capture(run_id="25K_1", tier="small") as captured:
        with op.attempt(stage="B"):
            pass
        with op.persona("p", tier="large"), op.attempt(stage="B"):
            pass
    assert [record.tier for record in captured.records] == ["small", "large"]
    assert {dict(labels)["tier"] for labels in captured.metric("persona.attempts")} == {
        "small",
        "large",
    }


def test_an_asynchronous_scope(captured: Captured) -> None:
    """``async with`` does the same, and tasks inside it count together."""

    async def generate() -> None:
        async with op.attempt(stage="B"):
            await asyncio.sleep(0)

    async def main() -> None:
        async with op.persona("p"):
            await asyncio.gather(*(generate() for _ in range(5)))

    asyncio.run(main(), debug=True)
    assert sorted(record.attempt for record in captured.records) == [1, 2, 3, 4, 5]
    assert attributes(captured)["persona.attempts.B"] == 5


def test_values_that_are_no_text_are_refused(captured: Captured) -> None:
    """A tier, target, symbol or model of another type costs neither the attempt nor its line."""
    odd: Any = 5
    use = op.attempt(stage="B", target=odd, symbol=odd, model=odd)
    with op.persona("p", tier=odd, target=odd, symbol=odd), use:
        pass
    [record] = captured.records
    assert (record.tier, record.target, record.symbol, record.model) == (None,) * 4
    rejected = captured.metric("persona.records.rejected")
    assert {dict(labels)["reason"]: point.value for labels, point in rejected.items()} == {
        "tier": 1,
        "target": 2,
        "symbol": 2,
        "model": 1,
    }
