"""What an attempt is about: its own word, then the scope's, the baggage's and the settings'."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import baggage, propagate
from opentelemetry import context as context_api

import otel_persona as op
from otel_persona.records import tallies
from otel_persona.testing import capture

ENTRY = {
    "ts": "2026-01-31T14:32:01.234Z", "run_id": "25K_1", "persona_id": "p", "stage": "B",
    "attempt": 1, "status": "success", "latency_ms": 1, "prompt_tokens": 0,
    "completion_tokens": 0, "repairs": [], "validator_scores": {}, "opening_move": None,
    "constraint_categories": [], "anchors_used": [], "error": None,
}  # fmt: skip


@contextlib.contextmanager
def carrying(**entries: object) -> Iterator[None]:
    """Run with these entries of ours in the baggage."""
    context = context_api.get_current()
    for name, value in entries.items():
        context = baggage.set_baggage(f"persona.{name}", value, context)
    token = context_api.attach(context)
    try:
        yield
    finally:
        context_api.detach(token)


@pytest.mark.parametrize("scope", [{}, {"target": "scope", "symbol": "s"}], ids=["none", "scope"])
@pytest.mark.parametrize("own", [{}, {"target": "own", "symbol": "o"}], ids=["none", "own"])
@pytest.mark.parametrize("carried", [{}, {"target": "bag", "symbol": "b"}], ids=["none", "bag"])
@pytest.mark.parametrize("given", [{}, {"target": "set", "symbol": "t"}], ids=["none", "settings"])
def test_the_nearest_one_counts(
    own: dict[str, str], scope: dict[str, str], carried: dict[str, str], given: dict[str, str]
) -> None:
    """The order is the attempt, its scope, the baggage and the settings, whichever are there."""
    with (
        capture(run_id="r", **given) as captured,  # type: ignore[arg-type]
        carrying(**carried),
        op.persona("p", **scope),
        op.attempt(stage="B", **own),
    ):
        pass

    nearest = own or scope or carried or given
    (record,) = captured.records
    assert (record.target, record.symbol) == (nearest.get("target"), nearest.get("symbol"))
    attributes = captured.spans[-1].attributes or {}
    around = scope or carried or given
    assert attributes.get("persona.target") == around.get("target")
    assert attributes.get("persona.symbol") == around.get("symbol")


def test_target_and_symbol_are_looked_for_apart() -> None:
    """One of them may be the attempt's own, and the other come from further away."""
    with capture(run_id="r", target="set", symbol="t") as captured, carrying(symbol="b"):
        with op.attempt(stage="B"):
            pass
        with op.persona("p", target="scope"), op.attempt(stage="B"):
            pass

    assert [(r.target, r.symbol) for r in captured.records] == [("set", "b"), ("scope", "b")]


def test_an_entry_has_the_baggages_and_the_settings() -> None:
    """A finished attempt names its own persona, so a scope around the call is not its own."""
    with (
        capture(run_id="r", target="set", symbol="t") as captured,
        carrying(symbol="b"),
        op.persona("q", target="scope", symbol="s"),
    ):
        assert op.log_attempt(ENTRY)
        assert op.log_attempt({**ENTRY, "target": "own"})

    records = [r for r in captured.records if r.persona_id == "p"]
    assert [(r.target, r.symbol) for r in records] == [("set", "b"), ("own", "b")]


def test_baggage_that_a_caller_sends_is_in_the_line() -> None:
    """A service that is asked to generate learns the target from the request's own headers."""
    headers = {"baggage": "persona.target=fundal%20cultural,persona.symbol=Chi%C8%99in%C4%83u"}
    with capture(run_id="r") as captured:
        token = context_api.attach(propagate.extract(headers))
        try:
            with op.attempt(stage="B"):
                pass
        finally:
            context_api.detach(token)

    (record,) = captured.records
    assert (record.target, record.symbol) == ("fundal cultural", "Chișinău")


@pytest.mark.parametrize("wrong", [7, b"x", object()])
def test_baggage_that_is_no_text_is_refused(wrong: Any) -> None:
    """It is counted as an argument would be, and the settings' word stands."""
    with (
        capture(run_id="r", target="set") as captured,
        carrying(target=wrong, other="x"),
        op.attempt(stage="B"),
    ):
        pass

    assert [record.target for record in captured.records] == ["set"]
    assert tallies.rejected.counts() == {"target": 1}
