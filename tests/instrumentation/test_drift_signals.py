"""What the live figures show: gauges, bands, and one event for each change of a band."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry._logs import SeverityNumber

import otel_persona as op
from otel_persona import semconv
from otel_persona.aggregation import BatchSummary
from otel_persona.testing import Captured, capture

MOVES = ["a", "b", "c", "d", "e"]


def generate(
    captured: Captured, index: int, *, repaired: bool = False, score: float = 0.6, move: str = ""
) -> None:
    """Make one attempt whose figures are healthy unless said otherwise."""
    with op.attempt(stage="B", persona_id=index) as a:
        a.record_usage(prompt_tokens=100, completion_tokens=50)
        a.record_score("pollyanna", score)
        a.record_opening_move(move or MOVES[index % len(MOVES)])
        a.record_anchors(f"anchor {index}")
        if repaired:
            a.record_repair("trait_leak")


def gauge(captured: Captured, name: str, **labels: str) -> Any:
    """Read one point of a gauge."""
    return captured.metric(name)[tuple(sorted(labels.items()))].value


def test_gauges_show_the_last_batch_and_the_tier() -> None:
    """Every figure that has a gauge shows the value of its summary, under the tier's label."""
    with capture(run_id="25K_1", batch="attempts:10") as captured:
        for index in range(25):
            generate(captured, index, repaired=index % 5 == 0)
        batch = captured.batches[-1]
        assert batch.index == 1
        assert batch.anchors_rarefied_150 is None
        assert captured.metric("persona.batch.anchors_rarefied_150") == {}
        for figure in semconv.BATCH_GAUGES.keys() - {"anchors_rarefied_150"}:
            name = semconv.BATCH_PREFIX + figure
            assert gauge(captured, name, tier="25K") == getattr(batch, figure)
            assert len(captured.metric(name)) == 1
        assert gauge(captured, semconv.BATCH_SCORE.name, validator="pollyanna", tier="25K") == 0.6
        assert gauge(captured, "persona.tier.total_attempts", tier="25K") == 20
        assert gauge(captured, "persona.tier.total_personas", tier="25K") == 20
        assert gauge(captured, "persona.tier.overall_success_rate", tier="25K") == 1.0
        assert gauge(captured, "persona.tier.repair_rate_trend", tier="25K") == 0.0
        assert gauge(captured, "persona.tier.drift_detected", tier="25K") == 0


def test_drift_is_shown_as_a_number() -> None:
    """0 or 1, never a flag: OTLP has no points that are flags, and one loses the whole export."""
    with capture(run_id="25K_1", batch="attempts:1") as captured:
        generate(captured, 0)
        assert type(gauge(captured, "persona.tier.drift_detected", tier="25K")) is int
        generate(captured, 1, repaired=True)
        shown = gauge(captured, "persona.tier.drift_detected", tier="25K")
        assert (type(shown), shown) == (int, 1)


@pytest.mark.parametrize(
    ("repaired", "band", "severity"),
    [(0, 0, None), (2, 1, SeverityNumber.WARN), (5, 2, SeverityNumber.ERROR)],
)
def test_bands_and_their_severity(
    repaired: int, band: int, severity: SeverityNumber | None
) -> None:
    """0 healthy, 1 warning, 2 critical; a change is an event of severity WARN or ERROR."""
    with capture(run_id="25K_1", batch="attempts:10") as captured:
        for index in range(10):
            generate(captured, index, repaired=index < repaired)
        shown = gauge(captured, "persona.indicator.band", indicator="repair_rate", tier="25K")
        assert shown == band
    changed = [change for change in captured.changes if change.indicator == "repair_rate"]
    events = [
        event.log_record
        for event in captured.events
        if (event.log_record.attributes or {})["persona.indicator.name"] == "repair_rate"
    ]
    assert len(changed) == len(events) == (severity is not None)
    if severity is not None:
        [event], [change] = events, changed
        assert event.event_name == semconv.DRIFT_EVENT == "persona.drift"
        assert (event.severity_number, event.severity_text) == (severity, severity.name)
        assert event.attributes == {
            "persona.indicator.name": "repair_rate",
            "persona.indicator.band": change.band,
            "persona.indicator.previous_band": change.previous or "none",
            "persona.indicator.value": repaired / 10,
            "persona.indicator.n": 10,
            "persona.batch.index": 0,
            "persona.run.id": "25K_1",
            "persona.tier": "25K",
            "persona.indicator.limit.warning": 0.1,
            "persona.indicator.limit.critical": 0.2,
        }
        assert isinstance(event.body, str)
        assert "repair_rate" in event.body


def test_an_event_for_each_change_and_none_between() -> None:
    """Critical, still critical, healthy again: two changes of the repair rate, two events."""
    with capture(run_id="25K_1", batch="attempts:10") as captured:
        for index in range(40):
            generate(captured, index, repaired=10 <= index < 30)
    told = [
        (change.batch_index, change.previous, change.band)
        for change in captured.changes
        if change.indicator == "repair_rate"
    ]
    assert told == [(1, "healthy", "critical"), (3, "critical", "healthy")]
    severities = [
        event.log_record.severity_number
        for event in captured.events
        if (event.log_record.attributes or {})["persona.indicator.name"] == "repair_rate"
    ]
    assert severities == [SeverityNumber.ERROR, SeverityNumber.INFO]
    assert len(captured.events) == len(captured.changes)


def test_a_band_that_comes_back_after_a_gap_is_no_change() -> None:
    """Warning, a batch without any score, warning again: the band is told once."""
    with capture(run_id="25K_1", batch="attempts:1") as captured:
        for scores in ({"pollyanna": 0.8}, {}, {"pollyanna": 0.8}):
            with op.attempt(stage="B", persona_id="p") as a:
                a.record_scores(scores)
    told = [
        (change.batch_index, change.band)
        for change in captured.changes
        if change.indicator == "pollyanna_score"
    ]
    assert told == [(0, "warning")]
    assert len(captured.batches) == 3
    assert len(captured.events) == len(captured.changes)


def test_each_tier_is_a_stream_of_its_own() -> None:
    """Attempts of two tiers close their own batches, and show under their own labels."""
    with capture(run_id="25K_1", batch="attempts:2") as captured:
        for index in range(4):
            with op.persona(index, tier="small" if index % 2 else "large"):
                generate(captured, index)
        assert len(captured.batches) == 2
        assert {dict(at)["tier"] for at in captured.metric("persona.batch.batch_size")} == {
            "small",
            "large",
        }
        assert {dict(at)["tier"] for at in captured.metric("persona.indicator.band")} == {
            "small",
            "large",
        }


def test_an_open_batch_is_closed_at_the_end() -> None:
    """Shutting down closes what is open, as a partial batch."""
    with capture(run_id="25K_1", batch="attempts:4") as captured:
        for index in range(6):
            generate(captured, index)
        assert [batch.batch_size for batch in captured.batches] == [4]
    assert [(b.batch_size, b.complete) for b in captured.batches] == [(4, True), (2, False)]


def test_callbacks_see_the_same(captured: Captured) -> None:
    """``on_batch`` and ``on_indicator_change`` are called in order, for any attempt's thread."""
    seen: list[object] = []
    handle = op.configure(
        run_id="25K_1",
        batch="attempts:5",
        tracer_provider=captured.tracer_provider,
        meter_provider=captured.meter_provider,
        on_batch=seen.append,
        on_indicator_change=seen.append,
    )
    for index in range(10):
        generate(captured, index, move="same")
    handle.shutdown()
    batches = [batch for batch in seen if isinstance(batch, BatchSummary)]
    assert [batch.index for batch in batches] == [0, 1]
    assert seen[0] is batches[0]
    assert len(seen) > 2


def test_an_entry_is_in_the_figures(make_entry: Callable[..., dict[str, Any]]) -> None:
    """``log_attempt`` takes part in batches like a live attempt."""
    with capture(run_id="25K_1", batch="attempts:2") as captured:
        generate(captured, 0)
        assert op.log_attempt(make_entry(run_id="25K_1"))
        [batch] = captured.batches
    assert batch.total_tokens == 150 + 770
    assert batch.end >= batch.start == "2026-01-31T14:32:01.234Z"
