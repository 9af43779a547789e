"""The slope of a figure over runs that single outliers do not tilt."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

# The mean of the differences of two pairs of them is still a float.
_LARGEST = sys.float_info.max / 4


def theil_sen_slope(points: Sequence[tuple[int, float]]) -> float:
    """Return the median of the slopes between all pairs of points (position, value).

    There are at least two points, at different positions. A value beyond a quarter of the largest
    float counts as that. Sen, *Estimates of the Regression Coefficient Based on Kendall's Tau*
    (1968).
    """
    kept = [(x, max(-_LARGEST, min(_LARGEST, y))) for x, y in points]
    slopes: list[float] = []
    for i, (x, y) in enumerate(kept):
        slopes += [(value - y) / (place - x) for place, value in kept[:i]]
    return statistics.median(slopes)
