"""Sums over blocks of time, and that they are enough for a design effect."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.facts import TimeBlocks
from otel_persona.facts.time_blocks import MOST_BLOCKS
from otel_persona.records import format_timestamp

MOMENTS = st.lists(st.integers(0, 3_000_000), min_size=1, max_size=60)


def summed(seconds: list[int]) -> TimeBlocks:
    """Sum one attempt at each second."""
    blocks = TimeBlocks()
    for second in seconds:
        blocks.add(format_timestamp(second * 1_000_000), {"repair_rate": second % 2})
    return blocks


@given(seconds=MOMENTS, cut=st.integers(0, 60))
def test_any_split_in_any_order_is_the_whole(seconds: list[int], cut: int) -> None:
    """Blocks do not depend on the worker that an attempt ran in."""
    left, right = summed(seconds[:cut]), summed(seconds[cut:])
    right.merge(left)
    assert right == summed(sorted(seconds))


def test_a_long_run_has_few_blocks() -> None:
    """A month of attempts keeps no more sums than an hour of them."""
    hour, month = summed(list(range(3_600))), summed(list(range(0, 2_592_000, 600)))
    assert len(hour.attempts) <= MOST_BLOCKS
    assert len(month.attempts) <= MOST_BLOCKS
    assert len(month.attempts) > MOST_BLOCKS // 4
    assert (
        sum(month.figures["repair_rate"].counts.values()) == sum(month.attempts.values()) == 4_320
    )


def design_effect(blocks: TimeBlocks, figure: str, variance: float) -> float:
    """Tell by how much the variance of a figure's mean exceeds that of independent attempts.

    That of a ratio of block totals: Cochran, *Sampling Techniques* (1977), 6.3.
    """
    sums = blocks.figures[figure]
    n, k = sum(sums.counts.values()), len(sums.counts)
    mean = sum(sums.totals.values()) / n
    squares = ((sums.totals[at] - mean * count) ** 2 for at, count in sums.counts.items())
    return sum(squares) * k / (k - 1) / (n * variance)


@pytest.mark.parametrize(("runs_of", "low", "high"), [(1, 0.7, 1.3), (25, 15, 35)])
def test_the_design_effect_sees_clusters(runs_of: int, low: float, high: float) -> None:
    """Independent attempts have an effect near 1, and 25 that share their fate one near 25."""
    rng = random.Random(4)  # noqa: S311 - a reproducible sample, no secret
    blocks = TimeBlocks()
    for cluster in range(25_000 // runs_of):
        repaired = int(rng.random() < 0.2)
        for place in range(runs_of):
            second = cluster * runs_of + place
            blocks.add(format_timestamp(second * 1_000_000), {"repair_rate": repaired})
    assert low < design_effect(blocks, "repair_rate", 0.2 * 0.8) < high


def test_the_design_effect_of_two_blocks_by_hand() -> None:
    """Two that are all repaired and two that are not: as if there were a single attempt."""
    blocks = summed([1, 1, 2, 2])
    assert blocks.exponent == 0
    assert blocks.figures["repair_rate"].totals == {1: 2, 2: 0}
    # Totals are 1 above and 1 below what is expected: (1 + 1) * 2 / (2 - 1) / (4 * 0.25).
    assert design_effect(blocks, "repair_rate", 0.25) == 4


@pytest.mark.parametrize(
    ("seconds", "exponent"),
    [
        (range(MOST_BLOCKS), 0),
        (range(MOST_BLOCKS + 1), 1),
        (range(2 * MOST_BLOCKS), 1),
        (range(2 * MOST_BLOCKS + 1), 2),
        (range(0, 8 * MOST_BLOCKS, 8), 0),
    ],
)
def test_blocks_are_as_short_as_they_can_be(seconds: range, exponent: int) -> None:
    """The fewer there are, the less they say; so it is in one process and in two."""
    assert summed(list(seconds)).exponent == exponent
    left, right = summed(list(seconds)[::2]), summed(list(seconds)[1::2])
    left.merge(right)
    assert left.exponent == exponent
