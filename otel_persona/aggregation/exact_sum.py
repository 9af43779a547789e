"""Sums of floats that do not depend on the order of addition."""

from __future__ import annotations

import functools

import msgspec

UNIT_BITS = 1074
"""Every finite float is a whole multiple of ``2**-UNIT_BITS``, the smallest float above 0."""


# Scores are mostly round, so that the same few come again and again.
@functools.lru_cache(maxsize=4_096)
def in_units(value: float) -> int:
    """Give a finite float as a whole number of units of ``2**-UNIT_BITS``."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (UNIT_BITS + 1 - denominator.bit_length())


class ExactSum(msgspec.Struct):
    """How many floats were added, and their sum in units of ``2**-UNIT_BITS``, without rounding."""

    count: int = 0
    units: int = 0

    def add(self, units: int) -> None:
        """Add one float, given in units."""
        self.units += units
        self.count += 1

    def merge(self, other: ExactSum) -> None:
        """Take in what ``other`` has added up."""
        self.count += other.count
        self.units += other.units

    def mean(self) -> float | None:
        """Give the mean, rounded once, or ``None`` where nothing was added."""
        # Dividing two ints rounds correctly.
        return self.units / (self.count << UNIT_BITS) if self.count else None
