"""How varied counted things are: entropy, and the distinct things expected in a fixed sample."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection


def entropy(counts: Collection[int]) -> float | None:
    """Return the plug-in entropy of ``counts`` in bits, from 0 to log2 of how many there are.

    Shannon, *A Mathematical Theory of Communication* (1948). ``None`` if nothing was counted. The
    order of ``counts`` does not matter.
    """
    total = sum(counts)
    if not total:
        return None
    return math.fsum(count / total * math.log2(total / count) for count in counts)


def expected_distinct(counts: Collection[int], draws: int) -> float | None:
    """Return the expected number of distinct things in ``draws`` draws without replacement.

    Rarefaction after Hurlbert, *The Nonconcept of Species Diversity* (1971), with exact binomial
    coefficients and one rounding at the end. ``None`` if fewer than ``draws`` were counted.
    """
    total = sum(counts)
    if total < draws:
        return None
    samples = math.comb(total, draws)
    samples_with = sum(
        things * (samples - math.comb(total - count, draws))
        for count, things in Counter(counts).items()
    )
    return samples_with / samples
