"""Arrays are counted into the distribution that one value after the other makes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_persona.aggregation.exact_sum import UNIT_BITS
from otel_persona.drift import distribution_of
from otel_persona.errors import UsageError
from otel_persona.facts import Distribution

RNG = np.random.default_rng(1)
MANY = {
    "continuous": RNG.lognormal(7, 0.5, 20_000),
    "both signs": RNG.normal(0, 1, 20_000),
    "all magnitudes": np.exp(RNG.uniform(-740, 700, 20_000)),
    "subnormal": RNG.integers(0, 10**6, 5_000) * 5e-324,
    "whole": RNG.integers(-(10**9), 10**9, 20_000),
    "small whole": RNG.integers(0, 50, 5_000).astype(np.int8),
    "short floats": RNG.normal(0, 1, 20_000).astype(np.float32),
    "largest": np.array([1.7976931348623157e308, -1.7976931348623157e308] * 2),
    "rows": RNG.integers(0, 9, (20, 30)),
}


@pytest.mark.parametrize("name", MANY)
def test_an_array_is_the_distribution_of_its_values(name: str) -> None:
    """Counts, precision and the exact sum are those of counting one by one."""
    array = MANY[name]
    one_by_one = Distribution.of(array.ravel().tolist())
    found = distribution_of(array)
    assert found == one_by_one
    assert {type(key) for key in found.counts} == {type(key) for key in one_by_one.counts}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
@example([-0.0])
@example([-0.0, 0.0])
def test_any_few_values_are_counted_alike(values: list[float]) -> None:
    """Zeros of both signs, no values at all: the same distribution."""
    found = distribution_of(values)
    assert found == Distribution.of(values)
    assert [math.copysign(1, key) for key in found.counts if not key] in ([], [1.0])


@pytest.mark.parametrize(
    "values",
    [[math.nan], [1.0, math.inf], [-math.inf], [2**53 + 1], [2**63], ["1"], [True], [None], [1j]],
)
def test_what_is_no_number_is_refused(values: list[Any]) -> None:
    """A value that cannot be counted exactly is an error, not a wrong count."""
    with pytest.raises(UsageError, match=r"holds no numbers|not finite|beyond"):
        distribution_of(values)


def test_the_sum_of_a_million_values_is_exact() -> None:
    """Sums of mantissas leave 64 bits with a million values, and must not wrap around."""
    values = RNG.uniform(1, 2, 1_100_000)
    mantissas = (values * 2.0**52).astype(np.int64).tolist()
    found = distribution_of(values).sum
    assert found.count == len(values)
    assert found.units == sum(mantissas) << (UNIT_BITS - 52)
