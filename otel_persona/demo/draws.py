"""Seeded random draws that are the same on every machine and every version of Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_BITS = 53  # the precision of a float, so that a draw stays below 1


class Draws:
    """A stream of random draws; streams with one seed but different purposes are unrelated."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._key = f"{seed}/{purpose}/"
        self._drawn = 0

    def number(self) -> float:
        """Draw a number from 0 up to, but not including, 1."""
        self._drawn += 1
        digest = blake2b(f"{self._key}{self._drawn}".encode(), digest_size=8).digest()
        bits = int.from_bytes(digest, "big") >> (64 - _BITS)
        return math.ldexp(bits, -_BITS)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in random order."""
        keyed = [(self.number(), position) for position in range(len(items))]
        return [items[position] for _, position in sorted(keyed)]
