"""The upper tail of the chi-square distribution, for whole degrees of freedom."""

from __future__ import annotations

import math


def chi_square_survival(statistic: float, degrees: int) -> float:
    """Return the probability that a chi-square variable is at least ``statistic``.

    The closed form by repeated integration by parts: Abramowitz and Stegun, *Handbook of
    Mathematical Functions* (1964), 26.4.4 and 26.4.5. With 0 ``degrees`` the variable is always 0.
    """
    half = statistic / 2
    if half <= 0:
        return 1.0
    if not degrees:
        return 0.0
    first = 0.5 if degrees % 2 else 0.0
    # Each term by its logarithm: a power and a factorial alone would leave the range of floats.
    terms = [
        math.exp((first + i) * math.log(half) - half - math.lgamma(first + i + 1))
        for i in range(degrees // 2)
    ]
    if degrees % 2:
        terms.append(math.erfc(math.sqrt(half)))
    return min(math.fsum(terms), 1.0)
