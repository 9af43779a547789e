"""The specification's table 'Key Indicators', computed for one batch."""

from __future__ import annotations

from otel_persona.aggregation.batch_state import BatchState
from otel_persona.aggregation.batch_summary import BatchSummary
from otel_persona.aggregation.exact_sum import ExactSum
from otel_persona.aggregation.indicators import Indicator, banded, falling, relative, rising
from otel_persona.aggregation.tier_state import TierState
from otel_persona.settings import IndicatorLimits


def key_indicators(
    state: BatchState, summary: BatchSummary, tier: TierState, limits: IndicatorLimits
) -> dict[str, Indicator]:
    """Return the six indicators of a batch, which ``tier`` must already include.

    The trend of the repair rate is its slope over the complete batches so far. The latency is
    compared with the settings' baseline, else with the run's first complete batch, which itself
    has nothing to compare with.
    """
    scored = state.scores.get("pollyanna") or ExactSum()
    n = summary.batch_size
    return {
        "repair_rate": rising(summary.repair_rate, limits.repair_rate, n),
        "repair_rate_trend": rising(
            tier.repair_rate.slope(), limits.repair_rate_trend, tier.complete_attempts
        ),
        "opening_entropy": falling(
            summary.opening_move_entropy, limits.opening_entropy, sum(state.opening_moves.values())
        ),
        "pollyanna_score": banded(scored.mean(), limits.pollyanna_score, scored.count),
        "anchor_diversity": falling(summary.anchor_diversity, limits.anchor_diversity, n),
        "mean_latency": relative(
            summary.mean_latency_ms, _baseline(summary, tier, limits), limits.mean_latency, n
        ),
    }


def _baseline(summary: BatchSummary, tier: TierState, limits: IndicatorLimits) -> float | None:
    if limits.baseline_mean_latency_ms is not None:
        return limits.baseline_mean_latency_ms
    if tier.first_complete is None or tier.first_complete[0] == summary.index:
        return None
    return tier.first_complete[1]
