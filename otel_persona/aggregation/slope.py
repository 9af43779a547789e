"""The least-squares slope of a figure over the batches of a tier."""

from __future__ import annotations

import math

import msgspec

from otel_persona.aggregation.exact_sum import UNIT_BITS, in_units


class SlopeSums(msgspec.Struct):
    """Exact sums over points (batch index, value), sufficient for their least-squares slope.

    Values are summed in units of ``2**-UNIT_BITS``, so the slope depends neither on the order of
    the points nor on how they were split.
    """

    points: int = 0
    sum_i: int = 0
    sum_ii: int = 0
    sum_y: int = 0
    sum_iy: int = 0

    def add(self, index: int, value: float) -> None:
        """Add the value of batch ``index``."""
        y = in_units(value)
        self.points += 1
        self.sum_i += index
        self.sum_ii += index * index
        self.sum_y += y
        self.sum_iy += index * y

    def merge(self, other: SlopeSums) -> None:
        """Add the points of ``other``, which must be for other batches."""
        self.points += other.points
        self.sum_i += other.sum_i
        self.sum_ii += other.sum_ii
        self.sum_y += other.sum_y
        self.sum_iy += other.sum_iy

    def slope(self) -> float | None:
        """Return the slope per batch, rounded once; ``None`` with fewer than two points.

        Ordinary least squares: ``(nΣiy - ΣiΣy) / (nΣi² - (Σi)²)``. A slope beyond the largest
        float, which only absurd scores can have, is infinite.
        """
        if self.points < 2:
            return None
        rise = self.points * self.sum_iy - self.sum_i * self.sum_y
        run = (self.points * self.sum_ii - self.sum_i**2) << UNIT_BITS
        try:
            return rise / run
        except OverflowError:
            return math.inf if rise > 0 else -math.inf


def steepest_slope(points: int) -> float:
    """Return the largest least-squares slope of values from 0 to 1 over this many batches.

    It occurs if the first half is 0 and the second half 1: with ``x`` the distance of an index
    from the mean index, the slope ``Σxy / Σx²`` is largest if ``y`` is 1 for every positive ``x``.
    That is ``1.5n / (n² - 1)`` for an even and ``1.5 / n`` for an odd number of consecutive
    batches; gaps between them only lower it. It is 0 for fewer than two.
    """
    if points < 2:
        return 0.0
    return 1.5 / points if points % 2 else 1.5 * points / (points**2 - 1)
