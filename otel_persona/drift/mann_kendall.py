"""The exact Mann–Kendall test: whether a series rises or falls more than shuffling explains."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Sequence

import msgspec


class MannKendall(msgspec.Struct, frozen=True):
    """The result of the test.

    ``score`` is the number of pairs that rise less the number that fall. ``p_value`` is the share
    of the series' distinct orders whose score is at least as far from 0, ``smallest_p`` that of the
    orders that only rise or only fall: no order of these values has a smaller one.
    """

    score: int
    p_value: float
    smallest_p: float


def mann_kendall(series: Sequence[float]) -> MannKendall:
    """Test a series of finite numbers; ties are taken into account exactly."""
    ways = _ways(tuple(sorted(Counter(series).values())))
    most, orders, score = len(ways) - 1, sum(ways), _score(series)
    # A score is the number of pairs that differ less twice the number of inversions, so these are
    # as far on one side; the other side mirrors it, and only a score of 0 is on both.
    as_far = sum(ways[: (most - abs(score)) // 2 + 1])
    return MannKendall(
        score,
        p_value=min(2 * as_far, orders) / orders,
        smallest_p=min(2 * ways[0], orders) / orders,
    )


def _score(series: Sequence[float]) -> int:
    earlier: list[float] = []
    score = 0
    for value in series:
        score += bisect_left(earlier, value) - (len(earlier) - bisect_right(earlier, value))
        insort(earlier, value)
    return score


@functools.lru_cache(maxsize=256)
def _ways(ties: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many distinct orders have 0, 1, 2, … inversions, where groups of values tie.

    They are the coefficients of the Gaussian multinomial: MacMahon, *Combinatory Analysis* (1915),
    the product of ``1 - q**i`` up to the size, divided by that of each group.
    """
    ways = [1]
    placed = 0
    for group in ties:
        for i in range(1, group + 1):
            placed += 1
            ways = _divided(_multiplied(ways, placed), i)
    return tuple(ways)


def _multiplied(ways: list[int], power: int) -> list[int]:
    """Multiply a polynomial by ``1 - q**power``."""
    longer = [*ways, *[0] * power]
    for i, count in enumerate(ways):
        longer[i + power] -= count
    return longer


def _divided(ways: list[int], power: int) -> list[int]:
    """Divide a polynomial by ``1 - q**power``, which leaves nothing over."""
    quotient = ways[: len(ways) - power]
    for i in range(power, len(quotient)):
        quotient[i] += quotient[i - power]
    return quotient
