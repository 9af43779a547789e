"""Mean, spread and extremes of each figure over several cohorts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

from otel_persona.aggregation.exact_sum import ExactSum, in_units
from otel_persona.facts import Figure, is_number

_BELOW_1 = math.nextafter(1, 0)


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
    return SummaryStatistics(
        mean=mean,
        std=_deviation(values, mean),
        min=min(values),
        max=max(values),
        count=len(values),
    )


def _deviation(values: list[int | float], mean: float) -> float:
    # Between -1 and 1 no difference overflows, and scaling by a power of two is exact.
    _, exponent = math.frexp(max(map(abs, values)))
    scaled_mean = math.ldexp(mean, -exponent)
    length = math.hypot(*(math.ldexp(value, -exponent) - scaled_mean for value in values))
    return math.ldexp(min(length / math.sqrt(len(values)), _BELOW_1), exponent)
