"""The flat figures of a cohort, under the specification's names, and which way each gets worse."""

from __future__ import annotations

from otel_persona.aggregation.diversity import entropy, expected_distinct
from otel_persona.facts.cohort_state import CohortState
from otel_persona.facts.distribution import Distribution
from otel_persona.settings import Direction, Prices, Settings

_PERCENTILES = (25, 50, 75, 90, 95, 99)
_RAREFIED_DRAWS = 150
_SCORES = "mean_validator_scores."
_REPAIRS = "repairs_per_attempt."

# ``None``: a volume, or a figure that changes with the size of the run. It says nothing about
# quality.
_DIRECTIONS: dict[str, Direction | None] = {
    "n_attempts": None,
    "n_personas": None,
    "success_rate": "higher_is_better",
    "mean_latency_ms": "higher_is_worse",
    "mean_latency_success_ms": "higher_is_worse",
    "repair_rate": "higher_is_worse",
    "opening_move_entropy": "higher_is_better",
    "top_opening_move_share": "higher_is_worse",
    "anchor_diversity": None,
    "anchors_rarefied_150": "higher_is_better",
    "top_anchor_share": "higher_is_worse",
    "mean_prompt_tokens": "band",
    "mean_completion_tokens": "band",
    "total_tokens": None,
    "cost_usd": None,
    "cost_usd_per_attempt": "higher_is_worse",
}


def cohort_figures(state: CohortState, prices: Prices) -> dict[str, float | None]:
    """Compute the figures of a cohort with at least one attempt.

    Rates and shares are from 0 to 1, latencies in milliseconds, the entropy in bits, costs in USD.
    ``latency`` without ``success`` takes all attempts. ``n_personas`` is exact up to 4,096. A
    figure without data is ``None``.
    """
    latencies = Distribution()
    latencies.merge(state.success_latencies)
    latencies.merge(state.other_latencies)
    cost = prices.cost(state.tokens)
    figures: dict[str, float | None] = {
        "n_attempts": state.attempts,
        "n_personas": state.personas.estimate(),
        "success_rate": state.successes / state.attempts,
        "repair_rate": state.repaired / state.attempts,
        "opening_move_entropy": entropy(state.opening_moves.counts.values()),
        "top_opening_move_share": _top_share(state.opening_moves.counts),
        "anchor_diversity": len(state.anchors.counts) / state.attempts,
        "anchors_rarefied_150": expected_distinct(state.anchors.counts.values(), _RAREFIED_DRAWS),
        "top_anchor_share": _top_share(state.anchors.counts),
        "mean_prompt_tokens": state.prompt_tokens.mean(),
        "mean_completion_tokens": state.completion_tokens.mean(),
        "total_tokens": sum(state.tokens.values()),
        "cost_usd": cost,
        "cost_usd_per_attempt": cost / state.attempts,
    }
    figures |= _latencies("latency_ms", latencies)
    figures |= _latencies("latency_success_ms", state.success_latencies)
    figures |= {_SCORES + name: scores.mean() for name, scores in state.scores.items()}
    for kind, count in state.repairs.counts.items():
        figures[_REPAIRS + kind] = count / state.attempts
    return dict(sorted(figures.items()))


def direction_of(figure: str, settings: Settings) -> Direction | None:
    """Return the direction in which a figure gets worse.

    The setting ``directions`` may name any figure. ``None`` means that it says nothing about
    quality, so no change of it is worse: a volume, or the score of an unknown validator. A figure
    that is not ours may change for the worse either way, unless the settings name its direction.
    """
    if figure in settings.directions:
        return settings.directions[figure]
    if figure in _DIRECTIONS:
        return _DIRECTIONS[figure]
    if figure.startswith(_SCORES):
        return settings.direction(figure.removeprefix(_SCORES))
    if figure.startswith(_REPAIRS) or _is_latency(figure):
        return "higher_is_worse"
    return "band"


def _latencies(name: str, latencies: Distribution) -> dict[str, float | None]:
    names = [f"p{percent}_{name}" for percent in _PERCENTILES]
    percentiles = zip(names, latencies.percentiles(_PERCENTILES), strict=True)
    return {f"mean_{name}": latencies.mean(), **dict(percentiles)}


def _is_latency(figure: str) -> bool:
    percentile, _, name = figure.partition("_")
    return name in {"latency_ms", "latency_success_ms"} and percentile[1:].isdigit()


def _top_share(counts: dict[str, int]) -> float | None:
    return max(counts.values()) / sum(counts.values()) if counts else None
