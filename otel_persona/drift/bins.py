"""The bins in which two samples are counted for the population stability index.

Numbers are binned at the deciles of the baseline. Names have a bin each, except the rare ones,
which share one: what so few mentions do says more about chance than about drift.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Mapping

from otel_persona.facts import Categories, Distribution

Counts = tuple[list[int], list[int]]
"""How many of the current and of the baseline sample are in each bin."""

_BINS = 10
# The usual rule for a chi-square test: fewer than so many expected, and the approximation fails.
_LEAST_EXPECTED = 5


def at_equal_precision(
    current: Distribution, baseline: Distribution
) -> tuple[Distribution, Distribution]:
    """Return both, cut to the binary digits of the coarser one.

    A number that is cut in one sample alone may change places with one that is whole.
    """
    if current.bits == baseline.bits:
        return current, baseline
    bits = min(sample.bits for sample in (current, baseline) if sample.bits is not None)
    return _cut(current, bits), _cut(baseline, bits)


def decile_bins(current: Mapping[float, int], baseline: Mapping[float, int]) -> Counts:
    """Count two samples of numbers in bins that each hold about a tenth of the baseline.

    A number that occurs often has a bin for itself. A baseline of one number alone has three bins:
    below it, the number, and above it.
    """
    if len(baseline) == 1:
        (only,) = baseline
        return _around(current, only), _around(baseline, only)
    edges = _decile_edges(baseline)
    return _between(current, edges), _between(baseline, edges)


def name_bins(
    current: Categories,
    baseline: Categories,
    most: int | None = None,
    sizes: tuple[int, int] | None = None,
) -> Counts:
    """Count two samples of names in a bin for each name that is not rare, and one for the rest.

    Rare is a name that is expected fewer than five times in the smaller sample, whose size is that
    of ``sizes`` where mentions are not independent. With ``most``, only so many names have a bin:
    the most frequent. Both samples decide together which names these are: one that is picked
    because the baseline mentions it often would seem to have become rarer.
    """
    smaller = min(sizes or (current.n, baseline.n)) / (current.n + baseline.n)
    counts = [
        (current.counts.get(name, 0), baseline.counts.get(name, 0))
        for name in _names(current, baseline)
    ]
    frequent = sorted(counts, key=sum, reverse=True)[:most]
    kept = [pair for pair in frequent if sum(pair) * smaller >= _LEAST_EXPECTED]
    here, there = ([pair[side] for pair in kept] for side in (0, 1))
    return [*here, current.n - sum(here)], [*there, baseline.n - sum(there)]


def _cut(sample: Distribution, bits: int) -> Distribution:
    cut = Distribution(bits=bits)
    cut.merge(sample)
    return cut


def _decile_edges(baseline: Mapping[float, int]) -> list[float]:
    """Return the largest number of each bin but the last: the one nearest to each decile."""
    numbers = sorted(baseline)
    up_to = list(itertools.accumulate(baseline[number] for number in numbers))
    edges = {_nearest(up_to, up_to[-1] * tenth / _BINS) for tenth in range(1, _BINS)}
    return [numbers[i] for i in sorted(edges)]


def _nearest(up_to: list[int], wanted: float) -> int:
    """Return which of the growing counts, other than the last, is nearest to the wanted one."""
    above = min(bisect_left(up_to, wanted), len(up_to) - 2)
    return min(max(above - 1, 0), above, key=lambda i: abs(up_to[i] - wanted))


def _between(sample: Mapping[float, int], edges: list[float]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for number, count in sample.items():
        counts[bisect_left(edges, number)] += count
    return counts


def _around(sample: Mapping[float, int], only: float) -> list[int]:
    counts = [0, 0, 0]
    for number, count in sample.items():
        counts[1 + (number > only) - (number < only)] += count
    return counts


def _names(current: Categories, baseline: Categories) -> list[str]:
    if current.other or baseline.other:
        # A name that is not held may have been mentioned all the same.
        return sorted(current.counts.keys() & baseline.counts.keys())
    return sorted(current.counts.keys() | baseline.counts.keys())
