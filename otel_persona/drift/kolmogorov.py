"""The Kolmogorov distribution: how large the distance of two samples gets by chance."""

from __future__ import annotations

import math

MEAN = math.sqrt(math.pi / 2) * math.log(2)
"""The mean of the distribution."""

# Below it the probability differs from 1 by less than a float can show.
_CERTAIN = 0.1
# Where both series need few terms; either is exact everywhere.
_TURN = 1.0
_TERMS = range(1, 8)


def kolmogorov_survival(scaled: float) -> float:
    """Return the probability that a distance, times the root of the effective size, is at least so.

    The limit for large samples by Kolmogorov's alternating series, and by the equal one for small
    values: Feller, *On the Kolmogorov-Smirnov limit theorems for empirical distributions* (1948).
    """
    if scaled < _CERTAIN:
        return 1.0
    if scaled >= _TURN:
        return 2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in _TERMS)
    below = math.fsum(math.exp(-(((2 * k - 1) * math.pi / scaled) ** 2) / 8) for k in _TERMS)
    return 1 - math.sqrt(2 * math.pi) / scaled * below
