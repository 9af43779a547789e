"""Entropy and rarefaction against SciPy and against counting by hand."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from otel_persona.aggregation.diversity import entropy, expected_distinct

some_counts = st.lists(st.integers(1, 5000), min_size=1, max_size=40)


@given(some_counts)
def test_entropy_is_scipys(counts: list[int]) -> None:
    """The entropy is the plug-in one in bits."""
    assert entropy(counts) == pytest.approx(stats.entropy(counts, base=2), rel=1e-12, abs=1e-12)


@given(st.data(), some_counts)
def test_entropy_does_not_depend_on_order(data: st.DataObject, counts: list[int]) -> None:
    """The order in which moves were first seen does not touch the last bit."""
    assert entropy(counts) == entropy(data.draw(st.permutations(counts)))


@pytest.mark.parametrize(
    ("counts", "bits"), [([5], 0.0), ([3, 3], 1.0), ([9] * 4, 2.0), ([], None)]
)
def test_entropy_of_even_counts_is_exact(counts: list[int], bits: float | None) -> None:
    """Four even moves lie exactly on the line of 2 bits; one move has none; no move, no figure."""
    assert entropy(counts) == bits


def test_six_even_moves_can_be_healthy() -> None:
    """In bits, not nats, six moves can pass the healthy line of 2."""
    assert entropy([100] * 6) == pytest.approx(2.585, abs=5e-4)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 6))
def test_rarefaction_is_the_mean_over_all_samples(counts: list[int], draws: int) -> None:
    """Hurlbert's formula equals the mean number of distinct things over every possible sample."""
    things = list(Counter(dict(enumerate(counts))).elements())
    if len(things) < draws:
        assert expected_distinct(counts, draws) is None
        return
    samples = list(itertools.combinations(things, draws))
    by_hand = Fraction(sum(len(set(sample)) for sample in samples), len(samples))
    assert expected_distinct(counts, draws) == float(by_hand)


def test_rarefaction_needs_as_many_as_are_drawn() -> None:
    """149 anchors cannot be rarefied to 150 draws, and with 150 all of them are drawn."""
    assert expected_distinct([100, 49], 150) is None
    assert expected_distinct([100, 49, 1], 150) == 3


def test_rarefaction_does_not_depend_on_the_size_of_the_batch() -> None:
    """Ten times the anchors in the same shares give about the same figure."""
    few, many = expected_distinct([10] * 300, 150), expected_distinct([100] * 300, 150)
    assert few is not None
    assert many is not None
    assert math.isclose(few, many, rel_tol=0.03)
