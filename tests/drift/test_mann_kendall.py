"""The exact Mann–Kendall test and Theil's and Sen's slope."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from otel_persona.drift.mann_kendall import mann_kendall
from otel_persona.drift.theil_sen import theil_sen_slope


def score_of(series: tuple[float, ...]) -> int:
    """Give the pairs that rise less those that fall."""
    return sum((b > a) - (b < a) for a, b in itertools.combinations(series, 2))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40, unique=True))
def test_without_ties_it_is_kendalls_exact_test(series: list[float]) -> None:
    """SciPy's exact two-sided p-value, to the last digits."""
    expected = stats.kendalltau(range(len(series)), series, method="exact").pvalue
    assert mann_kendall(series).p_value == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=7))
def test_with_ties_it_is_the_share_of_all_orders(series: list[int]) -> None:
    """Every distinct order of the values is looked at, one by one."""
    scores = [abs(score_of(order)) for order in set(itertools.permutations(series))]
    found = mann_kendall(series)
    assert found.score == score_of(tuple(series))
    as_far = sum(score >= abs(found.score) for score in scores)
    assert found.p_value == float(Fraction(as_far, len(scores)))
    best = sum(score == max(scores) for score in scores)
    assert found.smallest_p == float(Fraction(best, len(scores)))


@pytest.mark.parametrize("runs", range(2, 13))
def test_a_series_that_only_rises_has_the_smallest_p(runs: int) -> None:
    """Two of all orders are as far out: 0.017 for five runs, 0.0028 for six."""
    rising = mann_kendall(range(runs))
    assert rising.p_value == rising.smallest_p == pytest.approx(2 / math.factorial(runs))


def test_a_series_that_never_changes_has_no_trend() -> None:
    """Nothing but ties: there is one order, and it is no surprise."""
    assert mann_kendall([0.5] * 20) == mann_kendall([7])
    assert mann_kendall([7]).p_value == mann_kendall([7]).smallest_p == 1.0


@given(
    st.dictionaries(st.integers(0, 60), st.floats(-1e6, 1e6), min_size=2, max_size=30),
)
def test_the_slope_is_scipys(points: dict[int, float]) -> None:
    """Positions may have gaps, and the points any order."""
    expected = stats.theilslopes(list(points.values()), list(points)).slope
    found = theil_sen_slope(list(points.items()))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_one_outlier_does_not_tilt_the_slope() -> None:
    """One bad run among ten is no trend."""
    values = [0.1 * i for i in range(9)]
    assert theil_sen_slope(list(enumerate([*values, 1e9]))) == pytest.approx(0.1)
