"""Names counted: exact while there are not too many, and with a stated error bound beyond that."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

MOST_NAMES = 65_536
"""How many names are held in memory."""


class Categories(msgspec.Struct):
    """Names and how often each was mentioned.

    Beyond ``MOST_NAMES`` names the rarest half is no longer held by name: their mentions go into
    ``other``, and each count, also that of a name not held, may then be too low by up to ``error``.
    """

    counts: dict[str, int] = {}
    other: int = 0
    error: int = 0

    @property
    def n(self) -> int:
        """How many mentions were counted."""
        return sum(self.counts.values()) + self.other

    def add(self, name: str) -> None:
        """Count one mention."""
        counts = self.counts
        counts[name] = counts.get(name, 0) + 1
        if len(counts) > MOST_NAMES:
            self._hold(MOST_NAMES // 2)

    def add_all(self, names: Iterable[str]) -> None:
        """Count one mention of each."""
        for name in names:
            self.add(name)

    def merge(self, other: Categories) -> None:
        """Count all mentions of ``other``, which does not change."""
        for name, count in other.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        self.other += other.other
        self.error += other.error
        if len(self.counts) > MOST_NAMES:
            self._hold(MOST_NAMES // 2)

    def top(self, names: int) -> list[tuple[str, int]]:
        """Return the most frequent names and their counts, those of equal counts by name."""
        return sorted(self.counts.items(), key=lambda held: (-held[1], held[0]))[:names]

    def held_to(self, names: int) -> Categories:
        """Return a copy that holds at most so many names: the most frequent."""
        copy = Categories(dict(self.counts), self.other, self.error)
        if len(copy.counts) > names:
            copy._hold(names)
        return copy

    def _hold(self, names: int) -> None:
        ranked = self.top(len(self.counts))
        dropped = ranked[names:]
        self.counts = dict(ranked[:names])
        self.other += sum(count for _, count in dropped)
        self.error += dropped[0][1]
