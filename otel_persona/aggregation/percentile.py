"""A percentile of numbers stored as counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

_Number = TypeVar("_Number", int, float)


def percentile(counts: Mapping[_Number, int], percent: int) -> float:
    """Return a percentile of the numbers in ``counts`` (number to occurrences, not empty).

    Linear interpolation between order statistics, NumPy's default: definition 7 of Hyndman and
    Fan, *Sample Quantiles in Statistical Packages* (1996). The interpolation starts from the
    nearer neighbor, like NumPy's, so that both give the same float.
    """
    total = sum(counts.values())
    position = (total - 1) * (percent / 100)
    rank = math.floor(position)
    below, above = _neighbours(counts, rank)
    weight = position - rank
    if weight >= 0.5:
        return above - (above - below) * (1 - weight)
    return below + (above - below) * weight


def _neighbours(counts: Mapping[_Number, int], rank: int) -> tuple[_Number, _Number]:
    """Return the numbers at ``rank`` and the next rank, ascending, or the last one twice."""
    seen = 0
    below: _Number | None = None
    for number in sorted(counts):
        seen += counts[number]
        if below is None and seen > rank:
            below = number
        if seen > rank + 1:
            break
    return (number if below is None else below), number
