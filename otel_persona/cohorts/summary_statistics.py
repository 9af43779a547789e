"""Mean, spread and extremes of each figure over several cohorts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

from otel_persona.aggregation.exact_sum import ExactSum, in_units
from otel_persona.facts import Figure, is_number


class SummaryStatistics(msgspec.Struct, frozen=True):
    """One figure over ``count`` cohorts, each of which weighs the same.

    ``std`` is the standard deviation of these cohorts themselves (the population's, divided by
    ``count``), so it is 0 where there is one. All are in the figure's own unit.
    """

    mean: float
    std: float
    min: int | float
    max: int | float
    count: int


def summarise(cohorts: Iterable[Mapping[str, Figure]]) -> dict[str, SummaryStatistics]:
    """Summarise each figure that is a finite number somewhere, over the cohorts where it is one.

    Bools, texts and nulls are not numbers.
    """
    numbers: dict[str, list[int | float]] = {}
    for figures in cohorts:
        for name, value in figures.items():
            if is_number(value):
                numbers.setdefault(name, []).append(value)
    return {name: _statistics(values) for name, values in sorted(numbers.items())}


def _statistics(values: list[int | float]) -> SummaryStatistics:
    total = ExactSum()
    for value in values:
        total.add(in_units(value))
    mean = total.mean() or 0.0
    # The length of a vector does not overflow where the sum of its squares would.
    deviation = math.hypot(*(value - mean for value in values))
    return SummaryStatistics(
        mean=mean,
        std=deviation / math.sqrt(len(values)),
        min=min(values),
        max=max(values),
        count=len(values),
    )
