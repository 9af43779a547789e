"""Sums over blocks of time, from which a figure's design effect follows without the log."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from otel_persona.records import parse_timestamp

MOST_BLOCKS = 256
"""How many blocks a run is divided into at most."""

Sums = dict[str, list[int]]
"""By figure: how many attempts carry it, and the sum over them, a whole number."""


class TimeBlocks(msgspec.Struct):
    """The micro-batches of a cohort: attempts that ended in the same ``2**exponent`` seconds.

    The exponent is the smallest that leaves at most ``MOST_BLOCKS`` blocks. It follows from the
    moments alone, as do the blocks, so adding and merging commute and associate.
    """

    exponent: int = 0
    blocks: dict[int, Sums] = {}

    def add(self, ts: str, values: Mapping[str, int]) -> None:
        """Add one attempt's values; ``ts`` is in canonical form."""
        number = _second(ts[:19]) >> self.exponent
        sums = self.blocks.get(number)
        if sums is None:
            sums = self._open(number)
        for figure, value in values.items():
            total = sums.get(figure)
            if total is None:
                sums[figure] = [1, value]
            else:
                total[0] += 1
                total[1] += value

    def merge(self, other: TimeBlocks) -> None:
        """Add all attempts of ``other``, which does not change."""
        self._widen(max(self.exponent, other.exponent))
        for number, sums in other.blocks.items():
            _add(self.blocks.setdefault(number >> self.exponent - other.exponent, {}), sums)
        self._limit()

    def design_effect(self, figure: str, variance: float) -> float | None:
        """Return by how much the variance of this figure's mean exceeds that of independent ones.

        ``variance`` is that of one value, in the units of the sums. The variance of the mean is
        that of a ratio of block totals: Cochran, *Sampling Techniques* (1977), 6.3 with clusters
        as units. ``None`` if there are fewer than two blocks or no variance.
        """
        totals = [sums[figure] for sums in self.blocks.values() if figure in sums]
        n = sum(count for count, _ in totals)
        if len(totals) < 2 or variance <= 0:
            return None
        mean = sum(total for _, total in totals) / n
        between = sum((total - mean * count) ** 2 for count, total in totals)
        return between * len(totals) / (len(totals) - 1) / (n * variance)

    def _open(self, number: int) -> Sums:
        self.blocks[number] = {}
        if len(self.blocks) > MOST_BLOCKS:
            before = self.exponent
            self._limit()
            number >>= self.exponent - before
        return self.blocks[number]

    def _limit(self) -> None:
        while len(self.blocks) > MOST_BLOCKS:
            self._widen(self.exponent + 1)

    def _widen(self, exponent: int) -> None:
        if exponent == self.exponent:
            return
        wider: dict[int, Sums] = {}
        for number, sums in self.blocks.items():
            _add(wider.setdefault(number >> exponent - self.exponent, {}), sums)
        self.exponent = exponent
        self.blocks = wider


def _add(into: Sums, more: Sums) -> None:
    for figure, (count, total) in more.items():
        sums = into.get(figure)
        if sums is None:
            into[figure] = [count, total]
        else:
            sums[0] += count
            sums[1] += total


@lru_cache(maxsize=1_024)
def _second(ts: str) -> int:
    return parse_timestamp(ts) // 1_000_000
