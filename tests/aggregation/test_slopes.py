"""The least-squares slope over batches, and the steepest there can be."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from otel_persona.aggregation.slope import SlopeSums, steepest_slope

finite = st.floats(allow_nan=False, allow_infinity=False)
points = st.dictionaries(st.integers(0, 1000), finite, max_size=20)
ordinary_points = st.dictionaries(st.integers(0, 200), st.floats(-1e6, 1e6), min_size=2)


def trend_of(values: dict[int, float]) -> SlopeSums:
    """Add the points in their order."""
    trend = SlopeSums()
    for index, value in values.items():
        trend.add(index, value)
    return trend


def exact_slope(values: dict[int, float]) -> float:
    """Give the slope by its definition through the means, in fractions, rounded once."""
    xs = [Fraction(x) for x in values]
    ys = [Fraction(y) for y in values.values()]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    rise = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return float(rise / sum((x - x_mean) ** 2 for x in xs))


@given(ordinary_points)
def test_the_slope_is_exact(values: dict[int, float]) -> None:
    """The slope is the exact one of the given floats, rounded once."""
    assert trend_of(values).slope() == exact_slope(values)


@given(ordinary_points)
def test_the_slope_is_scipys(values: dict[int, float]) -> None:
    """SciPy's regression agrees as far as its own rounding goes."""
    expected = stats.linregress(list(values), list(values.values())).slope
    scale = max(map(abs, values.values()))
    assert trend_of(values).slope() == pytest.approx(expected, rel=1e-7, abs=1e-9 * scale + 1e-300)


@given(st.data(), points)
def test_order_and_split_have_no_influence(data: st.DataObject, values: dict[int, float]) -> None:
    """Points added in another order, and through two merged trends, are the same trend."""
    shuffled = data.draw(st.permutations(list(values.items())))
    cut = data.draw(st.integers(0, len(shuffled)))
    trend = trend_of(dict(shuffled[cut:]))
    trend.merge(trend_of(dict(shuffled[:cut])))
    assert trend == trend_of(values)


@pytest.mark.parametrize("values", [{}, {3: 0.5}])
def test_one_batch_has_no_slope(values: dict[int, float]) -> None:
    """Below two points there is no line."""
    assert trend_of(values).slope() is None


def test_a_slope_beyond_floats_is_infinite() -> None:
    """Scores at the ends of the float range end in infinity, not in an error inside telemetry."""
    largest = 1.7976931348623157e308
    assert trend_of({0: -largest, 1: largest}).slope() == math.inf
    assert trend_of({0: largest, 1: -largest}).slope() == -math.inf


@pytest.mark.parametrize("batches", range(2, 13))
def test_no_values_from_0_to_1_are_steeper(batches: int) -> None:
    """Of all sequences of zeros and ones the steepest has exactly the slope that is claimed."""
    slopes = [
        trend_of(dict(enumerate(map(float, values)))).slope()
        for values in itertools.product((0, 1), repeat=batches)
    ]
    assert max(slope for slope in slopes if slope is not None) == steepest_slope(batches)


@given(st.sets(st.integers(0, 40), min_size=2, max_size=8))
def test_gaps_between_batches_are_never_steeper(indices: set[int]) -> None:
    """Batches without a value keep their index, and the claim holds over them."""
    for values in itertools.product((0.0, 1.0), repeat=len(indices)):
        slope = trend_of(dict(zip(sorted(indices), values, strict=True))).slope()
        assert slope is not None
        assert slope <= steepest_slope(len(indices))


def test_one_batch_reaches_nothing() -> None:
    """Where there is no slope, no threshold can be reached."""
    assert steepest_slope(0) == steepest_slope(1) == 0
