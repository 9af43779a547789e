"""Numbers counted: exact while few are distinct, and with a stated error bound beyond that."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

from otel_persona.aggregation.exact_sum import UNIT_BITS, ExactSum, in_units
from otel_persona.aggregation.percentile import percentile
from otel_persona.facts.cut_numbers import cut, cut_all, middles

MOST_DISTINCT = 2_048
"""How many distinct numbers a distribution keeps."""

MOST_BITS = 15
"""How many binary digits after the leading 1 a cut number keeps at most."""


class Distribution(msgspec.Struct, eq=False):
    """Numbers and how often each occurred.

    While at most ``MOST_DISTINCT`` of them are distinct, ``bits`` is ``None`` and ``counts`` is
    exact. Beyond that each number is cut, towards zero, to its leading 1 and ``bits`` further
    binary digits: as many, from 15 down to 0, as leave at most ``MOST_DISTINCT`` distinct. That
    depends on the numbers alone, so adding and merging commute and associate. ``sum`` stays exact;
    while ``counts`` is, it may be ``None``, since it follows from them.
    """

    counts: dict[float, int] = {}
    bits: int | None = None
    sum: ExactSum | None = None

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Distribution:
        """Count these numbers."""
        distribution = cls()
        for number in numbers:
            distribution.add(number)
        return distribution

    def __eq__(self, other: object) -> bool:
        """Whether the same numbers were counted, as far as both can tell."""
        if not isinstance(other, Distribution):
            return NotImplemented
        return (self.counts, self.bits, self.exact_sum()) == (
            other.counts,
            other.bits,
            other.exact_sum(),
        )

    @property
    def n(self) -> int:
        """How many numbers were counted."""
        return sum(self.counts.values())

    @property
    def error(self) -> float:
        """The largest error of a number in ``representatives``, relative to it; 0 while exact."""
        return 0.0 if self.bits is None else 2.0 ** -(self.bits + 1)

    def add(self, number: float) -> None:
        """Count a finite number."""
        if self.bits is not None:
            self.exact_sum().add(in_units(number))
            number = cut(number, self.bits)
        else:
            self.sum = None
            number = number or abs(number)  # 0.0 and -0.0 are one key, and the first would stay
        counts = self.counts
        counts[number] = counts.get(number, 0) + 1
        if len(counts) > MOST_DISTINCT:
            self._coarsen()

    def merge(self, other: Distribution) -> None:
        """Count all numbers of ``other``, which does not change."""
        bits = min(_digits(self.bits), _digits(other.bits))
        if bits < math.inf:
            self._cut_to(int(bits))
        if self.sum is not None:
            self.sum.merge(other.exact_sum())
        keys = other.counts if self.bits is None else cut_all(other.counts, self.bits)
        _count(self.counts, keys, other.counts.values())
        if len(self.counts) > MOST_DISTINCT:
            self._coarsen()

    def mean(self) -> float | None:
        """Return the mean, rounded once, or ``None`` if nothing was counted."""
        return self.exact_sum().mean()

    def percentiles(self, percents: Iterable[int]) -> list[float | None]:
        """Return percentiles by linear interpolation, each ``None`` if nothing was counted."""
        counts = dict(self.representatives())
        return [percentile(counts, percent) if counts else None for percent in percents]

    def representatives(self) -> list[tuple[float, int]]:
        """Return the numbers, ascending, with their counts; a cut one is the middle of its range.

        Each differs from the numbers that it stands for by at most ``error`` times itself.
        """
        if self.bits is None:
            return sorted(self.counts.items())
        return sorted(zip(middles(self.counts, self.bits), self.counts.values(), strict=True))

    def exact_sum(self) -> ExactSum:
        """Return how many numbers were counted, and their sum, without any rounding."""
        if self.sum is None:
            self.sum = _sum_of(self.counts)
        return self.sum

    def _coarsen(self) -> None:
        while len(self.counts) > MOST_DISTINCT and self.bits != 0:
            self._cut_to(MOST_BITS if self.bits is None else self.bits - 1)

    def _cut_to(self, bits: int) -> None:
        if self.bits == bits:
            return
        self.exact_sum()  # it can no longer be known afterwards
        fewer: dict[float, int] = {}
        _count(fewer, cut_all(self.counts, bits), self.counts.values())
        self.counts = fewer
        self.bits = bits


def _digits(bits: int | None) -> float:
    return math.inf if bits is None else bits


def _count(into: dict[float, int], keys: Iterable[float], counts: Iterable[int]) -> None:
    for key, count in zip(keys, counts, strict=True):
        into[key] = into.get(key, 0) + count


def _sum_of(counts: Mapping[float, int]) -> ExactSum:
    """Sum exactly, by denominator: units have a thousand bits, and most numbers need few."""
    numerators: dict[int, int] = {}
    for number, count in counts.items():
        numerator, denominator = number.as_integer_ratio()
        numerators[denominator] = numerators.get(denominator, 0) + numerator * count
    units = (
        numerator << (UNIT_BITS + 1 - denominator.bit_length())
        for denominator, numerator in numerators.items()
    )
    return ExactSum(sum(counts.values()), sum(units))
