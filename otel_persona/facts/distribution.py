"""Numbers counted: exact while few are distinct, and with a stated error bound beyond that."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Collection, Iterable, Mapping

import msgspec

from otel_persona.aggregation.exact_sum import UNIT_BITS, ExactSum, in_units
from otel_persona.aggregation.percentile import percentile

MOST_DISTINCT = 2_048
"""How many distinct numbers a distribution keeps."""

MOST_BITS = 15
"""How many binary digits after the leading 1 a cut number keeps at most."""

_MANTISSA_BITS = 52
_SMALLEST_NORMAL = sys.float_info.min


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
        keys = other.counts if self.bits is None else _cut_all(other.counts, self.bits)
        _count(self.counts, keys, other.counts.values())
        if len(self.counts) > MOST_DISTINCT:
            self._coarsen()

    def mean(self) -> float | None:
        """Return the mean, rounded once, or ``None`` if nothing was counted."""
        return self._exact_sum().mean()

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
        return sorted(zip(_middles(self.counts, self.bits), self.counts.values(), strict=True))

    def _exact_sum(self) -> ExactSum:
        return _sum_of(self.counts) if self.bits is None else self.sum

    def _coarsen(self) -> None:
        while len(self.counts) > MOST_DISTINCT and self.bits != 0:
            self._cut_to(MOST_BITS if self.bits is None else self.bits - 1)

    def _cut_to(self, bits: int) -> None:
        if self.bits == bits:
            return
        self.sum = self._exact_sum()
        cut: dict[float, int] = {}
        _count(cut, _cut_all(self.counts, bits), self.counts.values())
        self.counts = cut
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


def _cut_all(numbers: Collection[float], bits: int) -> Iterable[float]:
    """Cut each number; what ``_cut`` does to a normal float is to clear its last binary digits."""
    if whole := _whole(numbers):
        return [
            number >> spare << spare if (spare := number.bit_length() - bits - 1) > 0 else number
            for number in whole
        ]
    if set(map(type, numbers)) != {float} or min(map(abs, numbers)) < _SMALLEST_NORMAL:
        return (_cut(number, bits) for number in numbers)
    doubles = f"<{len(numbers)}d"
    kept = ((1 << 64) - (1 << _MANTISSA_BITS - bits)).to_bytes(8, "little") * len(numbers)
    together = int.from_bytes(struct.pack(doubles, *numbers), "little")
    cut = together & int.from_bytes(kept, "little")
    return struct.unpack(doubles, cut.to_bytes(len(kept), "little"))


def _cut(number: float, bits: int) -> float:
    """Cut a number towards zero to its leading 1 and ``bits`` binary digits; an int stays one."""
    if isinstance(number, int):
        shift = max(number.bit_length() - bits - 1, 0)
        return (abs(number) >> shift << shift) * (-1 if number < 0 else 1)
    mantissa, exponent = math.frexp(number)
    return abs(math.ldexp(int(math.ldexp(mantissa, bits + 1)), exponent - bits - 1)) * (
        -1 if number < 0 else 1
    )


def _middles(numbers: Collection[float], bits: int) -> Iterable[float]:
    if whole := _whole(numbers):
        return [
            number + ((1 << spare) - 1) / 2
            if (spare := number.bit_length() - bits - 1) > 0
            else number
            for number in whole
        ]
    return (_middle(number, bits) for number in numbers)


def _whole(numbers: Collection[float]) -> list[int]:
    """Return the numbers if they are counts or the like, as most are, and none otherwise."""
    whole = [number for number in numbers if isinstance(number, int) and number >= 0]
    return whole if len(whole) == len(numbers) else []


def _middle(number: float, bits: int) -> float:
    """Return the middle of all the numbers that are cut to this one."""
    if not number:
        return number
    if isinstance(number, int):
        shift = max(number.bit_length() - bits - 1, 0)
        return number + math.copysign(((1 << shift) - 1) / 2, number) if shift else number
    _, exponent = math.frexp(number)
    return number + math.copysign(math.ldexp(0.5, exponent - bits - 1), number)
