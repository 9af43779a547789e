"""The probabilities of the chi-square and the Kolmogorov distribution, against SciPy's."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special, stats

from otel_persona.drift.chi_square import chi_square_survival
from otel_persona.drift.kolmogorov import MEAN, kolmogorov_survival

# The smallest that a float carries with all its digits.
NORMAL = 1e-300


@given(st.floats(0, 5_000), st.integers(1, 5_000))
@example(1e-12, 1)
@example(1e-12, 2)
@example(1_400.0, 1)
@example(4_999.0, 5_000)
def test_the_chi_square_tail_is_scipys(statistic: float, degrees: int) -> None:
    """Odd and even degrees, both ends: all digits that count agree."""
    expected = stats.chi2.sf(statistic, degrees)
    assert chi_square_survival(statistic, degrees) == pytest.approx(expected, rel=1e-9, abs=NORMAL)


@pytest.mark.parametrize(("statistic", "expected"), [(0.0, 1.0), (-0.0, 1.0), (1.0, 0.0)])
def test_without_degrees_nothing_is_left_to_chance(statistic: float, expected: float) -> None:
    """One bin is always equal to itself."""
    assert chi_square_survival(statistic, 0) == expected


@given(st.floats(0, 50))
@example(0.0)
@example(1.0)
@example(0.02)
def test_the_kolmogorov_tail_is_scipys(scaled: float) -> None:
    """Both series, and where one takes over from the other."""
    expected = special.kolmogorov(scaled)
    assert kolmogorov_survival(scaled) == pytest.approx(expected, rel=1e-12, abs=NORMAL)


def test_the_mean_is_that_of_the_distribution() -> None:
    """A noise floor is what chance gives on average."""
    assert pytest.approx(stats.kstwobign.mean(), rel=1e-9) == MEAN
