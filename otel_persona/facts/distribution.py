"""Numbers counted: exact while few are distinct, and with a stated error bound beyond that."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from otel_persona.aggregation.exact_sum import ExactSum, in_units
from otel_persona.aggregation.percentile import percentile

MOST_DISTINCT = 2_048
"""How many distinct numbers a distribution keeps."""

_MOST_BITS = 15


class Distribution(msgspec.Struct):
    """Numbers and how often each occurred.

    While at most ``MOST_DISTINCT`` of them are distinct, ``bits`` is ``None`` and ``counts`` is
    exact. Beyond that each number is cut, towards zero, to its leading 1 and ``bits`` further
    binary digits: as many, from 15 down to 0, as leave at most ``MOST_DISTINCT`` distinct. That
    depends on the numbers alone, so adding and merging commute and associate. ``sum`` stays exact;
    it is used once numbers are cut.
    """

    counts: dict[float, int] = {}
    bits: int | None = None
    sum: ExactSum = msgspec.field(default_factory=ExactSum)

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Distribution:
        """Count these numbers."""
        distribution = cls()
        for number in numbers:
            distribution.add(number)
        return distribution

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
            self.sum.add(in_units(number))
            number = _cut(number, self.bits)
        elif not number:
            number = abs(number)  # 0.0 and -0.0 are one key, and the first one in would stay
        counts = self.counts
        counts[number] = counts.get(number, 0) + 1
        if len(counts) > MOST_DISTINCT:
            self._coarsen()

    def merge(self, other: Distribution) -> None:
        """Count all numbers of ``other``, which does not change."""
        bits = min(_digits(self.bits), _digits(other.bits))
        if bits < math.inf:
            self._cut_to(int(bits))
            self.sum.merge(other._exact_sum())
        for number, count in other.counts.items():
            key = number if self.bits is None else _cut(number, self.bits)
            self.counts[key] = self.counts.get(key, 0) + count
        if len(self.counts) > MOST_DISTINCT:
            self._coarsen()

    def mean(self) -> float | None:
        """Return the mean, rounded once, or ``None`` if nothing was counted."""
        return self._exact_sum().mean()

    def percentile(self, percent: int) -> float | None:
        """Return a percentile by linear interpolation, or ``None`` if nothing was counted."""
        return percentile(dict(self.representatives()), percent) if self.counts else None

    def representatives(self) -> list[tuple[float, int]]:
        """Return the numbers, ascending, with their counts; a cut one is the middle of its range.

        Each differs from the numbers that it stands for by at most ``error`` times itself.
        """
        if self.bits is None:
            return sorted(self.counts.items())
        return sorted((_middle(number, self.bits), n) for number, n in self.counts.items())

    def _exact_sum(self) -> ExactSum:
        if self.bits is not None:
            return self.sum
        exact = ExactSum()
        for number, count in self.counts.items():
            exact.merge(ExactSum(count, in_units(number) * count))
        return exact

    def _coarsen(self) -> None:
        while len(self.counts) > MOST_DISTINCT and self.bits != 0:
            self._cut_to(_MOST_BITS if self.bits is None else self.bits - 1)

    def _cut_to(self, bits: int) -> None:
        if self.bits == bits:
            return
        self.sum = self._exact_sum()
        cut: dict[float, int] = {}
        for number, count in self.counts.items():
            key = _cut(number, bits)
            cut[key] = cut.get(key, 0) + count
        self.counts = cut
        self.bits = bits


def _digits(bits: int | None) -> float:
    return math.inf if bits is None else bits


def _cut(number: float, bits: int) -> float:
    """Cut a number towards zero to its leading 1 and ``bits`` binary digits; an int stays one."""
    if isinstance(number, int):
        shift = max(number.bit_length() - bits - 1, 0)
        return (abs(number) >> shift << shift) * (-1 if number < 0 else 1)
    mantissa, exponent = math.frexp(number)
    return abs(math.ldexp(int(math.ldexp(mantissa, bits + 1)), exponent - bits - 1)) * (
        -1 if number < 0 else 1
    )


def _middle(number: float, bits: int) -> float:
    """Return the middle of all the numbers that are cut to this one."""
    if not number:
        return number
    if isinstance(number, int):
        shift = max(number.bit_length() - bits - 1, 0)
        return number + math.copysign(((1 << shift) - 1) / 2, number) if shift else number
    _, exponent = math.frexp(number)
    return number + math.copysign(math.ldexp(0.5, exponent - bits - 1), number)
