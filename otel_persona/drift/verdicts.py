"""Whether a distribution that has moved got worse or better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from otel_persona.drift.distances import sides
from otel_persona.facts import NOT_REPAIRED, Categories, direction_of
from otel_persona.settings import Direction, Settings

Verdict = Literal["worse", "better", "changed", "unjudged"]
"""``changed``: for the worse and the better at once, or of names, none of which is better than
another; ``unjudged``: of a number that says nothing about quality, so it never alarms."""

_FIGURES = {
    "latency_success_ms": "mean_latency_success_ms",
    "prompt_tokens": "mean_prompt_tokens",
    "completion_tokens": "mean_completion_tokens",
}
_SCORE = "score."
_GOOD_NAMES = {"status": "success", "repaired": NOT_REPAIRED}


def verdict_on_numbers(
    name: str,
    current: Mapping[float, int],
    baseline: Mapping[float, int],
    noise_floor: float,
    settings: Settings,
) -> Verdict:
    """Judge numbers by the direction of their mean.

    It is one way only if the distribution functions are apart that way, and the other way by no
    more than ``noise_floor``, the mean distance that chance alone gives.
    """
    direction = _direction(name, settings)
    if direction is None:
        return "unjudged"
    higher, lower = sides(current, baseline)
    if direction == "band" or min(higher, lower) > noise_floor:
        return "changed"
    return "worse" if (higher > lower) == (direction == "higher_is_worse") else "better"


def verdict_on_names(name: str, current: Categories, baseline: Categories) -> Verdict:
    """Judge names by the share of the good one, where there is one."""
    good = _GOOD_NAMES.get(name)
    here, there = (_share(names, good) for names in (current, baseline))
    if here == there:
        return "changed"
    return "better" if here > there else "worse"


def _direction(name: str, settings: Settings) -> Direction | None:
    if name.startswith(_SCORE):
        return direction_of(f"mean_validator_scores.{name.removeprefix(_SCORE)}", settings)
    return direction_of(_FIGURES[name], settings)


def _share(names: Categories, name: str | None) -> float:
    return names.counts.get(name, 0) / names.n if name is not None else 0.0
