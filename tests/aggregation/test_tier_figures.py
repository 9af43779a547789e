"""The figures of a tier: trends over complete batches, drift, and whether drift can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from otel_persona.aggregation import Aggregator, BatchState, TierState, TierSummary, summarise_batch
from otel_persona.records import AttemptRecord
from otel_persona.settings import DriftThresholds, Settings

Make = Callable[..., AttemptRecord]


def tier_of(records: Iterable[AttemptRecord], size: int = 1, **settings: Any) -> TierSummary:
    """Aggregate ``records`` in batches of ``size`` attempts."""
    aggregator = Aggregator(Settings(batch=f"attempts:{size}", **settings))
    for record in records:
        aggregator.add(record)
    aggregator.finish()
    return aggregator.tier_summary()


def half_and_half(batches: int, first: AttemptRecord, second: AttemptRecord) -> TierSummary:
    """Make the steepest step: batches of ``first``, then as many of ``second`` or one more."""
    return tier_of([first] * (batches // 2) + [second] * (batches - batches // 2))


def test_trends_are_slopes_per_batch(make_record: Make) -> None:
    """Repairs, latency, entropy and pollyanna each climb or fall by their own step per batch."""
    moves = [["a", "b", "c", "d"], ["a", "b", "a", "b"], ["a", "a", "a", "a"]]
    records = [
        make_record(
            latency_ms=1000 + 100 * batch,
            repairs=["x"] if position < batch else [],
            opening_move=moves[batch][position],
            validator_scores={"pollyanna": 0.25 * batch, "trait_leak": 0.0},
        )
        for batch in range(3)
        for position in range(4)
    ]
    tier = tier_of(records, size=4)
    assert tier.repair_rate_trend == 0.25
    assert tier.latency_trend == 100
    assert tier.opening_entropy_trend == -1
    assert tier.pollyanna_score_trend == 0.25
    assert tier.validator_trends["trait_leak"].slope == 0


def test_a_partial_last_batch_counts_in_the_rate_alone(make_record: Make) -> None:
    """The last, smaller batch bends no trend, but its attempts are in the success rate."""
    records = [make_record()] * 4 + [make_record(status="fail", repairs=["x"], latency_ms=9)]
    tier = tier_of(records, size=2)
    assert (tier.total_attempts, tier.overall_success_rate) == (5, 0.8)
    assert (tier.repair_rate_trend, tier.latency_trend) == (0, 0)


def test_one_complete_batch_has_no_trend(make_record: Make) -> None:
    """Fewer than two complete batches give null, and null is no drift."""
    tier = tier_of([make_record(repairs=["x"])] * 3, size=2)
    assert tier.repair_rate_trend is None
    assert tier.latency_trend is None
    assert tier.opening_entropy_trend is None
    assert tier.pollyanna_score_trend is None
    assert not tier.drift_detected
    reachable = msgspec.to_builtins(tier.drift_reachable)
    assert set(reachable.values()) == {False}


def test_a_batch_without_a_value_keeps_its_index(make_record: Make) -> None:
    """A gap in the scores stretches the line: two batches on, the same rise is half as steep."""
    low, gap, high = (make_record(validator_scores=s) for s in ({"x": 0.0}, {}, {"x": 1.0}))
    assert tier_of([low, gap, high]).validator_trends["x"].slope == 0.5
    assert tier_of([low, high]).validator_trends["x"].slope == 1


def test_personas_and_attempts_are_counted_apart(make_record: Make) -> None:
    """``total_personas`` counts personas, though the specification's code sums attempts."""
    records = [make_record(persona_id=str(number // 3)) for number in range(12)]
    tier = tier_of(records, size=6)
    assert (tier.total_personas, tier.total_attempts) == (4, 12)


def test_before_the_first_batch_there_is_nothing() -> None:
    """A tier without a closed batch has a name, zeros and nulls."""
    tier = Aggregator(Settings(run_id="25K_x")).tier_summary()
    assert (tier.tier, tier.total_attempts, tier.overall_success_rate) == ("25K", 0, None)


def test_the_tiers_name(make_record: Make) -> None:
    """The argument beats the settings, and they beat the run id's first part."""
    for tier, settings, name in (
        ("mine", Settings(tier="set"), "mine"),
        (None, Settings(tier="set"), "set"),
        (None, Settings(), "25K"),
    ):
        aggregator = Aggregator(settings, tier)
        aggregator.add(make_record(run_id="25K_20260131_143200"))
        assert aggregator.tier_summary().tier == name


@pytest.mark.parametrize("batches", range(2, 12))
def test_repairs_reach_the_threshold_with_two_batches_only(batches: int, make_record: Make) -> None:
    """From no repair to all repaired is over 0.5 per batch once; with three batches it is not."""
    tier = half_and_half(batches, make_record(), make_record(repairs=["x"]))
    assert tier.drift_reachable.repair_rate_trend == (batches < 3)
    assert tier.drift_detected == tier.drift_reachable.repair_rate_trend


@pytest.mark.parametrize("batches", range(2, 12))
def test_pollyanna_reaches_the_threshold_below_eight_batches(
    batches: int, make_record: Make
) -> None:
    """From 0 to 1 in one step is over 0.2 per batch up to seven batches."""
    dark, bright = (make_record(validator_scores={"pollyanna": score}) for score in (0.0, 1.0))
    tier = half_and_half(batches, dark, bright)
    assert tier.drift_reachable.pollyanna_score_trend == (batches < 8)
    assert tier.drift_detected == tier.drift_reachable.pollyanna_score_trend


def test_entropy_reaches_as_far_as_its_moves_allow(make_record: Make) -> None:
    """Two moves have 1 bit to lose, which 14 batches can lose by 0.1 per batch and 16 cannot."""

    def openings(batches: int) -> TierSummary:
        varied = [make_record(opening_move=move) for move in "ab"]
        dull = [make_record(opening_move="a")] * 2
        half = batches // 2
        return tier_of(varied * half + dull * half, size=2)

    assert openings(14).drift_reachable.opening_entropy_trend
    assert openings(14).drift_detected
    assert not openings(16).drift_reachable.opening_entropy_trend
    assert not openings(16).drift_detected


def test_one_move_has_no_entropy_to_lose(make_record: Make) -> None:
    """A stream that has always had a single opening cannot raise the flag, and it says so."""
    tier = tier_of([make_record(opening_move="a")] * 4)
    assert not tier.drift_reachable.opening_entropy_trend


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("repair_rate_trend", 0.99),
        ("opening_entropy_trend", -0.99),
        ("pollyanna_score_trend", 0.99),
    ],
)
def test_drift_needs_more_than_the_threshold(name: str, within: float, make_record: Make) -> None:
    """A slope on the threshold is no drift, nor within reach of it; each threshold is a setting."""
    varied = [make_record(opening_move=move, validator_scores={"pollyanna": 0.0}) for move in "ab"]
    dull = make_record(opening_move="a", validator_scores={"pollyanna": 1.0}, repairs=["x"])
    records = [*varied, dull, dull]
    slopes = {"repair_rate_trend": 1, "opening_entropy_trend": -1, "pollyanna_score_trend": 1}

    on = tier_of(records, size=2, drift=DriftThresholds(**slopes))
    beyond = tier_of(records, size=2, drift=DriftThresholds(**(slopes | {name: within})))

    assert {trend: getattr(on, trend) for trend in slopes} == slopes
    assert not on.drift_detected
    assert msgspec.to_builtins(on.drift_reachable) == dict.fromkeys(slopes, False)
    assert beyond.drift_detected
    assert msgspec.to_builtins(beyond.drift_reachable) == {trend: trend == name for trend in slopes}


def test_each_validator_worsens_its_own_way(make_record: Make) -> None:
    """Rising is bad for some validators, falling for others, and neither where nobody has said."""
    up, down = {"pollyanna": 0.5, "mine": 0.5}, {"opening_variation": 0.5, "length": 0.5}
    records = [
        make_record(validator_scores=up | dict.fromkeys(down, 0.9)),
        make_record(validator_scores=dict.fromkeys(up, 0.9) | down),
    ]
    tier = tier_of(records, directions={"length": "band"})
    worsening = {name: trend.worsening for name, trend in tier.validator_trends.items()}
    assert worsening == {
        "length": None,
        "mine": None,
        "opening_variation": True,
        "pollyanna": True,
        "trait_leak": None,
    }
    assert tier.validator_trends["length"].direction == "band"
    assert tier.validator_trends["mine"].direction is None
    better = tier_of(records[::-1]).validator_trends
    assert better["pollyanna"].worsening is better["opening_variation"].worsening is False


def test_states_of_disjoint_batches_merge(make_record: Make) -> None:
    """Sums over closed batches add up in any order to those of one stream."""
    settings = Settings()
    whole, odd, even = TierState(), TierState(), TierState()
    for index in range(7):
        state = BatchState()
        state.add(make_record(opening_move="a", validator_scores={"x": index / 7}))
        if index % 2:
            state.add(make_record(status="fail", opening_move="b", repairs=["x"], latency_ms=3))
        summary = summarise_batch(state, settings.prices, index=index, complete=index < 6)
        whole.add(state, summary)
        (odd if index % 2 else even).add(state, summary)
    forwards, backwards = TierState(), TierState()
    for total, parts in ((forwards, (odd, even)), (backwards, (even, odd))):
        for part in parts:
            total.merge(part)
    assert forwards == backwards == whole
