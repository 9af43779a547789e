"""Percentiles of counted latencies against NumPy."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_persona.aggregation.percentile import percentile


@given(
    st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**53)), min_size=1, max_size=300),
    st.integers(0, 100),
)
@example([7], 95)
@example([1, 2], 95)
@example(list(range(21)), 95)
@example([3] * 50 + [4], 100)
def test_every_percentile_is_numpys_to_the_bit(numbers: list[int], percent: int) -> None:
    """Counting the numbers instead of keeping them changes no bit of the percentile."""
    expected = float(np.percentile(np.array(numbers, dtype=np.int64), percent))
    assert percentile(Counter(numbers), percent) == expected


@pytest.mark.parametrize("size", [*range(1, 60), 999, 1000, 1001, 20_000])
def test_p95_of_many_sizes_is_numpys_to_the_bit(size: int) -> None:
    """Every position between two neighbours, and exactly on one, agrees with NumPy."""
    # Twenty samples of each, because the two ways to interpolate differ in one of 25.
    for numbers in np.random.default_rng(size).integers(0, 30_000, (20, size)):
        assert percentile(Counter(numbers.tolist()), 95) == float(np.percentile(numbers, 95))
