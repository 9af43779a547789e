"""The slope of a figure over runs that single outliers do not tilt."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def theil_sen_slope(points: Sequence[tuple[int, float]]) -> float:
    """Return the median of the slopes between all pairs of points (position, value).

    There are at least two points, at different positions. Sen, *Estimates of the Regression
    Coefficient Based on Kendall's Tau* (1968).
    """
    slopes: list[float] = []
    for i, (x, y) in enumerate(points):
        slopes += [(value - y) / (place - x) for place, value in points[:i]]
    return statistics.median(slopes)
