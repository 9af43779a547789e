"""Sums over blocks of time, from which a figure's design effect follows without the log."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from otel_persona.records import parse_timestamp

MOST_BLOCKS = 256
"""How many blocks a run is divided into at most."""

ByBlock = dict[int, int]
"""A whole number for each block, by the block's number."""


class BlockSums(msgspec.Struct):
    """Of one figure and each block: how many attempts carry it, and the sum over them."""

    counts: ByBlock = {}
    totals: ByBlock = {}


class TimeBlocks(msgspec.Struct):
    """The micro-batches of a cohort: attempts that ended in the same ``2**exponent`` seconds.

    A block's number is that of its seconds since 1970, divided so. The exponent is the smallest
    that leaves at most ``MOST_BLOCKS`` blocks. It follows from the moments alone, as do the blocks,
    so adding and merging commute and associate.
    """

    exponent: int = 0
    attempts: ByBlock = {}
    figures: dict[str, BlockSums] = {}

    def add(self, ts: str, values: Mapping[str, int]) -> None:
        """Add one attempt's values; ``ts`` is in canonical form."""
        second = _second(ts[:19])
        number = second >> self.exponent
        self.attempts[number] = self.attempts.get(number, 0) + 1
        if len(self.attempts) > MOST_BLOCKS:
            self._limit()
            number = second >> self.exponent
        for figure, value in values.items():
            sums = self.figures.get(figure) or self._open(figure)
            counts, totals = sums.counts, sums.totals
            counts[number] = counts.get(number, 0) + 1
            totals[number] = totals.get(number, 0) + value

    def merge(self, other: TimeBlocks) -> None:
        """Add all attempts of ``other``, which does not change."""
        self._widen(max(self.exponent, other.exponent))
        wider = self.exponent - other.exponent
        _add(self.attempts, other.attempts, wider)
        for figure, more in other.figures.items():
            sums = self.figures.get(figure) or self._open(figure)
            _add(sums.counts, more.counts, wider)
            _add(sums.totals, more.totals, wider)
        self._limit()

    def _open(self, figure: str) -> BlockSums:
        sums = self.figures[figure] = BlockSums()
        return sums

    def _limit(self) -> None:
        while len(self.attempts) > MOST_BLOCKS:
            self._widen(self.exponent + 1)

    def _widen(self, exponent: int) -> None:
        wider = exponent - self.exponent
        if not wider:
            return
        self.exponent = exponent
        self.attempts = _widened(self.attempts, wider)
        for sums in self.figures.values():
            sums.counts = _widened(sums.counts, wider)
            sums.totals = _widened(sums.totals, wider)


def _widened(by_block: ByBlock, wider: int) -> ByBlock:
    widened: ByBlock = {}
    _add(widened, by_block, wider)
    return widened


def _add(into: ByBlock, more: ByBlock, wider: int = 0) -> None:
    for number, value in more.items():
        wide = number >> wider
        into[wide] = into.get(wide, 0) + value


@lru_cache(maxsize=1_024)
def _second(ts: str) -> int:
    return parse_timestamp(ts) // 1_000_000
