"""The figures of one tier, as specified, made from its state."""

from __future__ import annotations

import math

import msgspec

from otel_persona.aggregation.slope import SlopeSums, steepest_slope
from otel_persona.aggregation.tier_state import TierState
from otel_persona.settings import Direction, DriftThresholds, Settings


class ValidatorTrend(msgspec.Struct, kw_only=True, frozen=True):
    """The slope of a validator's mean score, and whether it is getting worse.

    ``worsening`` is ``None`` if there is no slope or no direction, or both directions are worse
    (``band``).
    """

    slope: float | None
    direction: Direction | None
    worsening: bool | None


class DriftReachable(msgspec.Struct, kw_only=True, frozen=True):
    """Which thresholds of ``drift_detected`` can be reached at all with this many batches."""

    repair_rate_trend: bool
    opening_entropy_trend: bool
    pollyanna_score_trend: bool


class TierSummary(msgspec.Struct, kw_only=True, frozen=True):
    """The figures of the closed batches of one tier, under the specification's names.

    Trends are slopes per batch over the complete batches, in shares, milliseconds, bits and mean
    scores, and ``None`` with fewer than two of them. ``total_personas`` counts a persona once for
    each batch that has attempts for it. ``overall_success_rate`` is over all attempts, ``None``
    before the first batch.
    """

    tier: str
    total_personas: int
    total_attempts: int
    overall_success_rate: float | None
    repair_rate_trend: float | None
    latency_trend: float | None
    opening_entropy_trend: float | None
    pollyanna_score_trend: float | None
    drift_detected: bool
    drift_reachable: DriftReachable
    validator_trends: dict[str, ValidatorTrend]


def summarise_tier(state: TierState, tier: str, settings: Settings) -> TierSummary:
    """Compute the figures of a tier."""
    repairs = state.repair_rate.slope()
    openings = state.opening_entropy.slope()
    pollyanna = _pollyanna(state).slope()
    thresholds = settings.drift
    return TierSummary(
        tier=tier,
        total_personas=state.personas,
        total_attempts=state.attempts,
        overall_success_rate=state.successes / state.attempts if state.attempts else None,
        repair_rate_trend=repairs,
        latency_trend=state.latency.slope(),
        opening_entropy_trend=openings,
        pollyanna_score_trend=pollyanna,
        drift_detected=(
            (repairs is not None and repairs > thresholds.repair_rate_trend)
            or (openings is not None and openings < thresholds.opening_entropy_trend)
            or (pollyanna is not None and pollyanna > thresholds.pollyanna_score_trend)
        ),
        drift_reachable=_reachable(state, thresholds),
        validator_trends={
            name: _validator_trend(state.scores[name], settings.direction(name))
            for name in sorted(state.scores)
        },
    )


def _pollyanna(state: TierState) -> SlopeSums:
    return state.scores.get("pollyanna") or SlopeSums()


def _reachable(state: TierState, thresholds: DriftThresholds) -> DriftReachable:
    """Compare the steepest possible slope with each threshold.

    Repair rates and pollyanna scores are from 0 to 1, entropies from 0 to log2 of the moves.
    """
    bits = math.log2(state.distinct_moves or 1)
    return DriftReachable(
        repair_rate_trend=steepest_slope(state.repair_rate.points) > thresholds.repair_rate_trend,
        opening_entropy_trend=(
            -steepest_slope(state.opening_entropy.points) * bits < thresholds.opening_entropy_trend
        ),
        pollyanna_score_trend=(
            steepest_slope(_pollyanna(state).points) > thresholds.pollyanna_score_trend
        ),
    )


def _validator_trend(trend: SlopeSums, direction: Direction | None) -> ValidatorTrend:
    slope = trend.slope()
    worsening = None
    if slope is not None and direction == "higher_is_worse":
        worsening = slope > 0
    elif slope is not None and direction == "higher_is_better":
        worsening = slope < 0
    return ValidatorTrend(slope=slope, direction=direction, worsening=worsening)
