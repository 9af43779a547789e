"""The bins of the population stability index: the baseline's deciles, and names."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.drift import distribution_of
from otel_persona.drift.bins import at_equal_precision, decile_bins, name_bins
from otel_persona.facts import Categories, Distribution
from tests.drift.made import named

few_numbers = st.lists(st.integers(-3, 3), min_size=1, max_size=100)
many_numbers = st.lists(st.floats(-1e3, 1e3, allow_nan=False), min_size=1, max_size=100)
samples = few_numbers | many_numbers


def test_each_bin_holds_a_tenth_of_the_baseline() -> None:
    """Where values do not tie the edges are the deciles that NumPy finds."""
    rng = np.random.default_rng(1)
    baseline, current = rng.lognormal(7, 0.5, 2_000), rng.lognormal(7.1, 0.6, 900)
    here, there = decile_bins(Counter(current.tolist()), Counter(baseline.tolist()))
    assert there == [200] * 10
    edges = np.quantile(baseline, np.arange(1, 10) / 10, method="inverted_cdf")
    assert here == np.bincount(np.searchsorted(edges, current, "left"), minlength=10).tolist()


@given(samples, samples)
def test_every_value_is_in_one_bin(current: list[float], baseline: list[float]) -> None:
    """No value is lost or counted twice, also outside the baseline's range."""
    here, there = decile_bins(Counter(current), Counter(baseline))
    assert (sum(here), sum(there)) == (len(current), len(baseline))
    assert len(here) == len(there) <= 10


@given(samples, samples)
def test_bins_grow_with_the_values(current: list[float], baseline: list[float]) -> None:
    """Adding to a value never moves it to an earlier bin: bins are ranges."""
    bins = [decile_bins({value: 1}, Counter(baseline))[0].index(1) for value in sorted(current)]
    assert bins == sorted(bins)


@pytest.mark.parametrize(
    ("baseline", "bins"),
    [
        ({0: 950, 1: 50}, [950, 50]),
        ({0: 50, 1: 950}, [50, 950]),
        ({0.0: 250, 0.5: 500, 1.0: 250}, [250, 500, 250]),
        ({-1: 30, 0: 940, 1: 30}, [30, 940, 30]),
    ],
)
def test_a_value_that_many_share_has_a_bin_of_its_own(
    baseline: dict[float, int], bins: list[int]
) -> None:
    """Deciles that fall on one value make no empty bins, and hide no rare value in a full one."""
    assert decile_bins(baseline, baseline)[1] == bins


def test_a_baseline_of_one_value_sees_both_sides() -> None:
    """A score that was always the same and now goes either way is seen."""
    here, there = decile_bins({0.4: 3, 0.5: 5, 0.6: 7}, {0.5: 100})
    assert (here, there) == ([3, 5, 7], [0, 100, 0])


def test_values_are_compared_at_equal_precision() -> None:
    """Cut values against whole ones: the same values are no distance, whichever side was cut."""
    whole = distribution_of(np.arange(1_000, 2_500) + 0.7)
    cut = Distribution(bits=6)
    cut.merge(whole)
    for current, baseline in ((whole, cut), (cut, whole)):
        a, b = at_equal_precision(current, baseline)
        assert a.counts == b.counts
    assert (whole.bits, cut.bits) == (None, 6)


def test_each_name_has_a_bin_and_rare_ones_share_one() -> None:
    """Names that both samples mention too rarely are the last bin, with what is not held."""
    current = named(["a"] * 40 + ["b"] * 40 + ["x", "y"])
    baseline = named(["a"] * 50 + ["b"] * 30 + ["z"])
    assert name_bins(current, baseline) == ([40, 40, 2], [50, 30, 1])


def test_rare_is_what_the_smaller_sample_would_hardly_mention() -> None:
    """Twenty mentions in a baseline of a thousand are two in a run of a hundred."""
    current, baseline = named(["a"] * 98 + ["b"] * 2), named(["a"] * 980 + ["b"] * 20)
    assert name_bins(current, baseline) == ([98, 2], [980, 20])
    assert name_bins(baseline, baseline) == ([980, 20, 0], [980, 20, 0])


def test_a_new_name_has_a_bin() -> None:
    """A move that the baseline never made does not disappear in the rest."""
    current, baseline = named(["a"] * 60 + ["new"] * 40), named(["a"] * 100)
    assert name_bins(current, baseline) == ([60, 40, 0], [100, 0, 0])


def test_a_name_that_is_gone_has_a_bin() -> None:
    """A move that is no longer made does not disappear either."""
    current, baseline = named(["a"] * 100), named(["a"] * 60 + ["old"] * 40)
    assert name_bins(current, baseline) == ([100, 0, 0], [60, 40, 0])


def test_the_most_frequent_names_are_those_of_both_samples() -> None:
    """Names picked by one sample alone would seem to change by having been picked."""
    current = named(["a"] * 10 + ["b"] * 50 + ["c"] * 40)
    baseline = named(["a"] * 60 + ["b"] * 30 + ["c"] * 10)
    assert name_bins(current, baseline, 2) == ([50, 10, 40], [30, 60, 10])


def test_names_that_one_side_does_not_hold_are_the_rest() -> None:
    """A file holds the most frequent names only; that a name is not there is no drift."""
    current = named(["a"] * 50 + ["b"] * 30 + ["c"] * 20)
    baseline = Categories({"a": 50, "b": 30}, other=20, error=3)
    assert name_bins(current, baseline) == ([50, 30, 20], [50, 30, 20])
