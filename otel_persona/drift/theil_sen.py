"""The slope of a figure over runs that single outliers do not tilt."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

# The mean of two of them is still a float.
_LARGEST_RISE = sys.float_info.max / 2


def theil_sen_slope(points: Sequence[tuple[int, float]]) -> float:
    """Return the median of the slopes between all pairs of points (position, value).

    There are at least two points, at different positions. A rise beyond half of the largest float
    counts as that. Sen, *Estimates of the Regression Coefficient Based on Kendall's Tau* (1968).
    """
    slopes: list[float] = []
    for i, (x, y) in enumerate(points):
        slopes += [_rise(y, value) / (place - x) for place, value in points[:i]]
    return statistics.median(slopes)


def _rise(y: float, value: float) -> float:
    return max(-_LARGEST_RISE, min(_LARGEST_RISE, value - y))
