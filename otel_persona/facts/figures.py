"""The flat figures of a cohort, under the specification's names, and which way each gets worse."""

from __future__ import annotations

from collections.abc import Collection

from otel_persona.aggregation.diversity import entropy, expected_distinct
from otel_persona.facts.categories import Categories
from otel_persona.facts.cohort_state import CohortState
from otel_persona.facts.distribution import Distribution
from otel_persona.settings import Direction, Prices, Settings

_PERCENTILES = (25, 50, 75, 90, 95, 99)
_PERCENTILE_NAMES = tuple(f"p{percent}" for percent in _PERCENTILES)
_RAREFIED_DRAWS = 150
_SCORES = "mean_validator_scores."
_REPAIRS = "repairs_per_attempt."
_LATENCIES = ("latency_ms", "latency_success_ms")

# ``None``: it says nothing about quality. So do volumes, figures that change with the size of the
# run, and latencies of all attempts: one that failed may have a placeholder for it.
_DIRECTIONS: dict[str, Direction | None] = {
    "n_attempts": None,
    "n_personas": None,
    "success_rate": "higher_is_better",
    "mean_latency_ms": None,
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
    "cost_usd_per_success": "higher_is_worse",
}


def cohort_figures(state: CohortState, prices: Prices) -> dict[str, float | None]:
    """Compute the figures of a cohort with at least one attempt.

    Rates and shares are from 0 to 1, latencies in milliseconds, the entropy in bits, costs in USD.
    ``latency`` without ``success`` takes all attempts. ``n_personas`` is exact up to 4,096. A
    figure without data is ``None``, and so is one of names that were too many to be held.
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
        **_opening_moves(state.opening_moves),
        **_anchors(state.anchors, state.attempts),
        "mean_prompt_tokens": state.prompt_tokens.mean(),
        "mean_completion_tokens": state.completion_tokens.mean(),
        "total_tokens": sum(state.tokens.values()),
        "cost_usd": cost,
        "cost_usd_per_success": cost / state.successes if state.successes else None,
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
    if figure.startswith(_REPAIRS):
        return "higher_is_worse"
    percentile, _, name = figure.partition("_")
    if name in _LATENCIES and percentile in _PERCENTILE_NAMES:
        return _DIRECTIONS[f"mean_{name}"]
    return "band"


def _latencies(name: str, latencies: Distribution) -> dict[str, float | None]:
    names = [f"{percentile}_{name}" for percentile in _PERCENTILE_NAMES]
    percentiles = zip(names, latencies.percentiles(_PERCENTILES), strict=True)
    return {f"mean_{name}": latencies.mean(), **dict(percentiles)}


def _opening_moves(moves: Categories) -> dict[str, float | None]:
    counts = _held(moves)
    return {"opening_move_entropy": entropy(counts), "top_opening_move_share": _top_share(counts)}


def _anchors(anchors: Categories, attempts: int) -> dict[str, float | None]:
    counts = _held(anchors)
    return {
        "anchor_diversity": None if anchors.error else len(counts) / attempts,
        "anchors_rarefied_150": expected_distinct(counts, _RAREFIED_DRAWS),
        "top_anchor_share": _top_share(counts),
    }


def _held(names: Categories) -> Collection[int]:
    """Return the counts of names, none if some are no longer held: what is left would mislead."""
    return () if names.error else names.counts.values()


def _top_share(counts: Collection[int]) -> float | None:
    return max(counts) / sum(counts) if counts else None
