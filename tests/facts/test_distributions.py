"""Numbers counted: exactly, cut, merged, and what is said of their error."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_persona.facts import Distribution
from otel_persona.facts.distribution import MOST_DISTINCT

FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.lists(st.one_of(st.integers(-(2**53), 2**53), FINITE), max_size=40)
KINDS = ("latencies", "scores", "both signs", "tiny and huge", "few and many")


def drawn(kind: str, count: int, seed: int) -> list[float]:
    """Draw numbers of a kind, mostly distinct."""
    rng = random.Random(seed)  # noqa: S311 - a reproducible sample, no secret
    draw = {
        "latencies": lambda: int(rng.lognormvariate(8, 1)),
        "scores": rng.random,
        "both signs": lambda: rng.gauss(0, 1),
        "tiny and huge": lambda: rng.choice((-1, 1)) * 10 ** rng.uniform(-300, 300),
        "few and many": lambda: rng.choice((0.0, 1.0, rng.random())),
    }[kind]
    return [draw() for _ in range(count)]


@given(numbers=NUMBERS, cut=st.integers(0, 40))
def test_few_numbers_are_counted_exactly(numbers: list[float], cut: int) -> None:
    """A small baseline loses nothing, however its parts were split."""
    parts = Distribution.of(numbers[:cut]), Distribution.of(numbers[cut:])
    parts[1].merge(parts[0])
    assert parts[1].representatives() == sorted(Counter(numbers).items())
    assert parts[1].error == 0
    assert parts[1].n == len(numbers)


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    count=st.integers(2_000, 6_000),
    seed=st.integers(0, 99),
    parts=st.integers(2, 5),
)
def test_any_split_in_any_order_is_the_whole(kind: str, count: int, seed: int, parts: int) -> None:
    """Workers' parts give the same counts as one stream, also where numbers are cut."""
    numbers = drawn(kind, count, seed)
    whole = Distribution.of(numbers)
    random.Random(seed).shuffle(numbers)  # noqa: S311 - a reproducible order, no secret
    total = Distribution()
    for part in range(parts):
        total.merge(Distribution.of(numbers[part::parts]))
    assert total == whole


@settings(max_examples=30, deadline=None)
@given(kind=st.sampled_from(KINDS), count=st.integers(2_000, 6_000), seed=st.integers(0, 99))
def test_the_stated_error_holds_for_every_number(kind: str, count: int, seed: int) -> None:
    """Each number lies as close to what stands for it as ``error`` says, so do percentiles."""
    numbers = sorted(drawn(kind, count, seed))
    distribution = Distribution.of(numbers)
    stand_ins = [value for value, n in distribution.representatives() for _ in range(n)]
    bound = distribution.error * (1 + 1e-12)
    assert len(distribution.counts) <= MOST_DISTINCT or distribution.bits == 0
    assert all(
        math.isclose(number, value, rel_tol=0, abs_tol=bound * abs(number))
        or abs(number - value) <= bound * abs(value)
        for number, value in zip(numbers, stand_ins, strict=True)
    )


@pytest.mark.parametrize("kind", ["latencies", "scores", "both signs"])
def test_a_mean_stays_exact_when_numbers_are_cut(kind: str) -> None:
    """Means never come from bins: the sum is kept beside them, correctly rounded."""
    numbers = drawn(kind, 20_000, 5)
    distribution = Distribution.of(numbers)
    assert distribution.bits is not None
    assert distribution.mean() == math.fsum(numbers) / len(numbers) or math.isclose(
        distribution.mean() or 0, math.fsum(numbers) / len(numbers), rel_tol=1e-15
    )


@pytest.mark.parametrize("percent", [25, 50, 75, 90, 95, 99])
def test_percentiles_of_a_million_are_within_the_error(percent: int) -> None:
    """Percentiles of many latencies stay within the stated error of NumPy's."""
    rng = np.random.default_rng(3)
    numbers = np.exp(rng.normal(8, 1, 200_000)).astype(int)
    distribution = Distribution.of(numbers.tolist())
    expected = float(np.percentile(numbers, percent))
    assert distribution.error < 0.005
    assert distribution.percentiles([percent])[0] == pytest.approx(expected, rel=distribution.error)


def test_ints_stay_ints_and_zeros_are_one() -> None:
    """The same numbers give the same bytes: -0.0 is 0.0, and milliseconds stay whole."""
    assert list(Distribution.of([-0.0, 0.0]).counts) == [0.0]
    assert math.copysign(1, next(iter(Distribution.of([-0.0]).counts))) == 1
    many = Distribution.of(range(1_000_000, 1_000_000 + 5_000))
    assert all(isinstance(number, int) for number in many.counts)


def test_nothing_counted_has_no_figures() -> None:
    """An empty distribution says nothing instead of zero."""
    nothing = Distribution()
    assert (nothing.mean(), nothing.percentiles([50]), nothing.n) == (None, [None], 0)


def test_the_smallest_floats_are_cut_alike_one_by_one_and_together() -> None:
    """Merging cuts many floats at once; those below the normal range have no leading 1 to keep."""
    many = [1 + index / 4_096 for index in range(MOST_DISTINCT + 1)]
    smallest = [index * 5e-324 for index in range(1, 1_000, 7)]
    merged = Distribution.of(many)
    merged.merge(Distribution.of(smallest))
    assert merged.bits is not None
    assert merged == Distribution.of(many + smallest)


def test_a_mean_follows_what_is_counted_later() -> None:
    """Asking for it keeps the sum, which must not outlive the numbers that it is of."""
    distribution = Distribution.of([1.0, 2.0])
    assert distribution.mean() == 1.5
    distribution.add(6.0)
    assert distribution.mean() == 3
    distribution.merge(Distribution.of([7.0]))
    assert distribution.mean() == 4
