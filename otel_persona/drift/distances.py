"""PSI and the Kolmogorov–Smirnov distance of counted samples, and what chance makes of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import msgspec

from otel_persona.drift.chi_square import chi_square_survival
from otel_persona.drift.kolmogorov import MEAN, kolmogorov_survival

# Added to each count, so that an empty bin has a logarithm.
_PSEUDOCOUNT = 0.5


class Distance(msgspec.Struct, frozen=True):
    """How far two samples are apart, how far chance takes them on average, and its probability.

    ``p_value`` is the probability of at least this distance between samples, of these sizes, of
    independent draws from one distribution.
    """

    value: float
    noise_floor: float
    p_value: float


def psi(
    current: Sequence[int], baseline: Sequence[int], sizes: tuple[int, int] | None = None
) -> Distance:
    """Return the population stability index of two samples counted in the same bins.

    Bins that are empty on both sides say nothing and are left out; the other counts get half an
    observation more. Without drift the index, divided by ``1/n + 1/m``, is chi-square with one
    degree of freedom less than there are bins. ``n`` and ``m`` are ``sizes`` where what was counted
    is not independent, by default how many were counted. Neither sample may be empty.
    """
    bins = [pair for pair in zip(current, baseline, strict=True) if any(pair)]
    here, there = (sum(side) + _PSEUDOCOUNT * len(bins) for side in (current, baseline))
    shares = [((a + _PSEUDOCOUNT) / here, (b + _PSEUDOCOUNT) / there) for a, b in bins]
    value = math.fsum((a - b) * math.log(a / b) for a, b in shares)
    n, m = sizes or (sum(current), sum(baseline))
    spread, degrees = 1 / n + 1 / m, len(bins) - 1
    return Distance(value, degrees * spread, chi_square_survival(value / spread, degrees))


def kolmogorov_smirnov(current: Mapping[float, int], baseline: Mapping[float, int]) -> Distance:
    """Return the largest distance between the distribution functions of two counted samples.

    ``current`` and ``baseline`` give how often each number occurs; neither may be empty. The
    p-value is the two-sided one for large samples, which ties make larger than need be.
    """
    n, m = sum(current.values()), sum(baseline.values())
    value = max(sides(current, baseline))
    spread = math.sqrt(1 / n + 1 / m)
    return Distance(value, MEAN * spread, kolmogorov_survival(value / spread))


def sides(current: Mapping[float, int], baseline: Mapping[float, int]) -> tuple[float, float]:
    """Return how far the current numbers are above the baseline's, and how far below, from 0 to 1.

    Each is the largest distance between the distribution functions on that side.
    """
    n, m = sum(current.values()), sum(baseline.values())
    steps = {number: -count * m for number, count in current.items()}
    for number, count in baseline.items():
        steps[number] = steps.get(number, 0) + count * n
    apart = list(itertools.accumulate(steps[number] for number in sorted(steps)))
    return max(max(apart), 0) / (n * m), max(-min(apart), 0) / (n * m)
