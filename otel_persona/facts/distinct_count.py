"""How many distinct ids there were: exact while few, and estimated with a stated error beyond."""

from __future__ import annotations

import math
from hashlib import blake2b

import msgspec

KEPT_HASHES = 4_096
"""Up to so many distinct ids the count is exact."""

_HASH_BYTES = 8


class DistinctCount(msgspec.Struct):
    """Keeps the smallest hashes of the ids it saw, which are the same in any order and split.

    Beyond ``KEPT_HASHES`` the number of distinct ids follows from how close those hashes lie:
    Bar-Yossef et al., *Counting Distinct Elements in a Data Stream* (2002).
    """

    hashes: set[int] = set()
    bound: int = 1 << 8 * _HASH_BYTES

    @classmethod
    def of_hashes(cls, hashes: set[int]) -> DistinctCount:
        """Restore a count from what ``kept`` returned."""
        count = cls(hashes)
        if len(hashes) > KEPT_HASHES:
            count.bound = max(hashes)
        count._trim()
        return count

    @property
    def relative_error(self) -> float:
        """The standard error of ``estimate``, relative to it; 0 while it is exact."""
        return 0.0 if len(self.hashes) <= KEPT_HASHES else 1 / math.sqrt(KEPT_HASHES - 1)

    def add(self, name: str) -> None:
        """See an id."""
        digest = blake2b(name.encode("utf-8", "replace"), digest_size=_HASH_BYTES).digest()
        found = int.from_bytes(digest, "big")
        if found < self.bound:
            self.hashes.add(found)
            if len(self.hashes) > 2 * KEPT_HASHES:
                self._trim()

    def merge(self, other: DistinctCount) -> None:
        """See all ids of ``other``, which does not change."""
        self.hashes |= {found for found in other.hashes if found < self.bound}
        if len(self.hashes) > 2 * KEPT_HASHES:
            self._trim()

    def estimate(self) -> int:
        """Return how many distinct ids were seen."""
        self._trim()
        if len(self.hashes) <= KEPT_HASHES:
            return len(self.hashes)
        # The largest kept hash is the (k + 1)-th smallest of all.
        return round(KEPT_HASHES * (1 << 8 * _HASH_BYTES) / max(self.hashes))

    def kept(self) -> list[int]:
        """Return the hashes that matter, ascending: one more than ``KEPT_HASHES`` if inexact."""
        self._trim()
        return sorted(self.hashes)

    def _trim(self) -> None:
        """Keep one hash more than ``KEPT_HASHES``, which tells that there were more."""
        if len(self.hashes) > KEPT_HASHES + 1:
            self.hashes = set(sorted(self.hashes)[: KEPT_HASHES + 1])
            self.bound = max(self.hashes)
