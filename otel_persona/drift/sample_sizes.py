"""The smallest samples that can carry a comparison.

Below them the specified thresholds are crossed by chance alone: of pairs of 100 values without
drift, PSI is over 0.2 in 39%, and the Kolmogorov–Smirnov distance over 0.1 in 64%.
"""

from __future__ import annotations

import math
from typing import NamedTuple

# The baseline is so many times as large where the current run is measured against a large one.
_LARGE = 10


class SmallestSize(NamedTuple):
    """How many values the smaller sample needs, against an equal one and against a large one."""

    equals: int
    against_large: int

    def needed(self, n: int, m: int) -> int:
        """Return how many values the smaller of two samples needs.

        In between the noise falls in proportion to the smaller sample's share of the larger.
        """
        share = min(n, m) / max(n, m)
        weight = max((share - 1 / _LARGE) / (1 - 1 / _LARGE), 0.0)
        return math.ceil(self.against_large + weight * (self.equals - self.against_large))


PSI_SIZE = SmallestSize(equals=350, against_large=250)
KS_SIZE = SmallestSize(equals=1_000, against_large=500)
