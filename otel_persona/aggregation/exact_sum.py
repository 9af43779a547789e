"""Sums of floats that do not depend on the order of addition."""

from __future__ import annotations

import functools

import msgspec

UNIT_BITS = 1074
"""Every finite float is an integer multiple of ``2**-UNIT_BITS``, the smallest float above 0."""


# Scores are mostly round, so the same few keep recurring.
@functools.lru_cache(maxsize=4_096)
def in_units(value: float) -> int:
    """Return a finite float as a whole number of units of ``2**-UNIT_BITS``."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (UNIT_BITS + 1 - denominator.bit_length())


class ExactSum(msgspec.Struct):
    """The number of floats added, and their exact sum in units of ``2**-UNIT_BITS``."""

    count: int = 0
    units: int = 0

    def add(self, units: int) -> None:
        """Add one float, given in units."""
        self.units += units
        self.count += 1

    def merge(self, other: ExactSum) -> None:
        """Add the sum of ``other``."""
        self.count += other.count
        self.units += other.units

    def mean(self) -> float | None:
        """Return the mean, rounded once, or ``None`` if nothing was added."""
        # Division of two ints is correctly rounded.
        return self.units / (self.count << UNIT_BITS) if self.count else None
