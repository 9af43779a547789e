"""PSI and the Kolmogorov–Smirnov distance of counts."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special, stats

from otel_persona.drift import kolmogorov_smirnov, psi

numbers = st.one_of(st.integers(-5, 5), st.floats(-1e6, 1e6, allow_nan=False))
samples = st.lists(numbers, min_size=2, max_size=200)  # SciPy divides by zero with one
bins = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=30)


def sides(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Give both samples' counts; neither sample is empty."""
    current, baseline = [a for a, _ in pairs], [b for _, b in pairs]
    assume(any(current) and any(baseline))
    return current, baseline


@given(samples, samples)
def test_the_distance_is_scipys_of_the_raw_values(a: list[float], b: list[float]) -> None:
    """Counting the values instead of keeping them changes nothing, ties included."""
    found = kolmogorov_smirnov(Counter(a), Counter(b))
    expected = stats.ks_2samp(a, b, method="asymp").statistic
    assert found.value == pytest.approx(expected, rel=1e-12, abs=1e-15)
    scaled = expected * math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    assert found.p_value == pytest.approx(special.kolmogorov(scaled), rel=1e-9)


@given(samples, samples)
def test_the_distance_is_the_same_both_ways(a: list[float], b: list[float]) -> None:
    """Which side is the baseline changes no figure of the Kolmogorov–Smirnov test."""
    assert kolmogorov_smirnov(Counter(a), Counter(b)) == kolmogorov_smirnov(Counter(b), Counter(a))


def test_for_large_samples_the_p_value_is_scipys() -> None:
    """The limit that is used is that of SciPy's own test, where the samples are large."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 20_000), rng.normal(0.03, 1, 30_000)
    found = kolmogorov_smirnov(Counter(a.tolist()), Counter(b.tolist()))
    assert found.p_value == pytest.approx(stats.ks_2samp(a, b, method="asymp").pvalue, rel=0.05)


@given(bins)
def test_the_index_follows_its_definition(pairs: list[tuple[int, int]]) -> None:
    """PSI is the sum of (a - b)·ln(a/b) over the bins' shares, with half a count more in each."""
    current, baseline = sides(pairs)
    counts = np.array([pair for pair in pairs if any(pair)]) + 0.5
    a, b = (counts / counts.sum(axis=0)).T
    found = psi(current, baseline)
    assert found.value == pytest.approx(((a - b) * np.log(a / b)).sum(), rel=1e-9, abs=1e-12)
    spread = 1 / sum(current) + 1 / sum(baseline)
    assert found.noise_floor == pytest.approx((len(a) - 1) * spread)
    if len(a) > 1:
        expected = stats.chi2.sf(found.value / spread, len(a) - 1)
        assert found.p_value == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(bins, st.randoms(use_true_random=False))
def test_the_index_knows_neither_sides_nor_an_order(
    pairs: list[tuple[int, int]], random: st.DataObject
) -> None:
    """The same bins in another order, or the other sample as the baseline: the same figures."""
    current, baseline = sides(pairs)
    shuffled = list(pairs)
    random.shuffle(shuffled)
    found = psi(current, baseline)
    assert psi(*sides(shuffled)).value == pytest.approx(found.value, rel=1e-12, abs=1e-15)
    assert psi(baseline, current).value == pytest.approx(found.value, rel=1e-12, abs=1e-15)


@given(bins)
def test_the_index_is_no_less_than_zero(pairs: list[tuple[int, int]]) -> None:
    """A distance is never negative, and its p-value is a probability."""
    found = psi(*sides(pairs))
    assert found.value >= 0
    assert 0 <= found.p_value <= 1


@given(st.lists(st.integers(0, 500), min_size=1, max_size=30))
def test_equal_counts_are_no_distance(counts: list[int]) -> None:
    """A sample is not apart from itself, and chance explains that surely."""
    assume(any(counts))
    assert (psi(counts, counts).value, psi(counts, counts).p_value) == (0.0, 1.0)
    same = kolmogorov_smirnov(dict(enumerate(counts)), dict(enumerate(counts)))
    assert (same.value, same.p_value) == (0.0, 1.0)


def test_equal_shares_of_more_values_are_no_distance() -> None:
    """Ten times as many values of the same shares: only the half counts show."""
    assert psi([300, 700], [3_000, 7_000]).value == pytest.approx(0, abs=1e-6)


def test_more_values_make_the_same_distance_less_likely() -> None:
    """The distance is about shares; what grows with the samples is the evidence."""
    few, many = psi([40, 60], [50, 50]), psi([4_000, 6_000], [5_000, 5_000])
    assert many.value == pytest.approx(few.value, rel=0.05)
    assert many.p_value < few.p_value
    assert many.noise_floor == pytest.approx(few.noise_floor / 100)


@given(bins, st.integers(1, 20))
def test_bins_that_are_empty_on_both_sides_say_nothing(
    pairs: list[tuple[int, int]], empty: int
) -> None:
    """A finer grid than the values need is the same index with the same noise."""
    current, baseline = sides(pairs)
    padding = [0] * empty
    assert psi(current + padding, baseline + padding) == psi(current, baseline)
