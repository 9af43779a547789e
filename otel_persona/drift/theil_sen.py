"""The slope of a figure over runs that single outliers do not tilt."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence


def theil_sen_slope(points: Sequence[tuple[int, float]]) -> float:
    """Return the median of the slopes between all pairs of points (position, value).

    There are at least two points, at different positions. Sen, *Estimates of the Regression
    Coefficient Based on Kendall's Tau* (1968).
    """
    return statistics.median(
        (y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in itertools.combinations(points, 2)
    )
