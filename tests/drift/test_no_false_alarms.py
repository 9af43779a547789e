"""Runs without drift raise no alarm, and runs with drift do: simulations with fixed seeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from otel_persona.drift import distribution_of
from otel_persona.drift.distribution_drift import distribution_drifts
from otel_persona.facts import Categories, CohortState, Distribution
from otel_persona.settings import Settings, SidecarDrift
from tests.drift.made import with_limits

ALPHA = 0.01
PAIRS = 300
# Of so many pairs at a rate of alpha, more false alarms than these have a chance of one to 10,000.
MOST_FALSE_ALARMS = int(stats.binom.ppf(1 - 1e-4, PAIRS, ALPHA))
# No threshold protects the p-values then.
BARE = with_limits(SidecarDrift(psi_threshold=0, ks_threshold=0))

Draw = Callable[[np.random.Generator, int], np.ndarray]

NUMBERS: dict[str, Draw] = {
    "continuous": lambda rng, n: rng.lognormal(7, 0.5, n),
    "tokens": lambda rng, n: rng.geometric(0.01, n),
    "few values": lambda rng, n: rng.integers(0, 4, n) / 4,
    "mostly zero": lambda rng, n: np.where(rng.random(n) < 0.95, 0, rng.random(n)),
    "nearly constant": lambda rng, n: (rng.random(n) < 0.005) * 1.0,
}


def zipf(names: int, power: float) -> Draw:
    """Draw names of which few are frequent and many are rare."""
    shares = 1 / np.arange(1, names + 1) ** power
    return lambda rng, n: rng.choice(names, n, p=shares / shares.sum())


NAMES: dict[str, Draw] = {
    "a few moves": zipf(8, 0.7),
    "many moves": zipf(40, 1.0),
    "nearly always one": zipf(3, 6.0),
    "more names than values": zipf(2_000, 1.0),
}
SIZES = [(350, 350), (250, 2_500), (1_000, 1_000), (500, 5_000)]


def named(drawn: np.ndarray) -> Categories:
    """Count names."""
    names, counts = np.unique(drawn, return_counts=True)
    return Categories(dict(zip(map(str, names.tolist()), counts.tolist(), strict=True)))


def cut(numbers: np.ndarray) -> Distribution:
    """Count numbers as a sidecar keeps them once they are very many."""
    distribution = Distribution(bits=6)
    distribution.merge(distribution_of(numbers))
    return distribution


def false_alarms(draw: Callable[[int], CohortState], n: int, m: int) -> int:
    """Count the pairs of cohorts, drawn alike, of which any distribution is called drifted."""
    return sum(
        any(
            drift.status == "drift"
            for drift in distribution_drifts(draw(n), draw(m), BARE).distributions.values()
        )
        for _ in range(PAIRS)
    )


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_without_drift_raise_no_alarm(kind: str, n: int, m: int) -> None:
    """Continuous, tied, and nearly constant numbers, at the smallest sizes and above."""
    rng = np.random.default_rng(n)

    def draw(size: int) -> CohortState:
        return CohortState(scores={"s": distribution_of(NUMBERS[kind](rng, size))})

    assert false_alarms(draw, n, m) <= MOST_FALSE_ALARMS


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_cut_numbers_without_drift_raise_no_alarm(n: int, m: int) -> None:
    """A baseline that is kept cut is no source of drift, against one that is not."""
    rng = np.random.default_rng(n)

    def draw(size: int) -> CohortState:
        numbers = rng.lognormal(7, 0.5, size)
        return CohortState(scores={"s": cut(numbers) if size == m else distribution_of(numbers)})

    assert false_alarms(draw, n, m) <= MOST_FALSE_ALARMS


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("kind", NAMES)
def test_names_without_drift_raise_no_alarm(kind: str, n: int, m: int) -> None:
    """Rare names that only one side has are no drift, however many there are."""
    rng = np.random.default_rng(n)

    def draw(size: int) -> CohortState:
        return CohortState(attempts=size, opening_moves=named(NAMES[kind](rng, size)))

    assert false_alarms(draw, n, m) <= MOST_FALSE_ALARMS


@pytest.mark.parametrize(("n", "m"), [*SIZES, (2_000, 2_000)])
@pytest.mark.parametrize("kind", ["all alike", "some more frequent"])
def test_anchors_without_drift_raise_no_alarm(kind: str, n: int, m: int) -> None:
    """The twenty most frequent of 119 anchors are not rarer in the next run for being picked."""
    rng = np.random.default_rng(n)
    draw_anchors = zipf(119, 0.0 if kind == "all alike" else 0.5)

    def draw(size: int) -> CohortState:
        return CohortState(attempts=size, anchors=named(draw_anchors(rng, size)))

    assert false_alarms(draw, n, m) <= MOST_FALSE_ALARMS


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_all_distributions_together_raise_no_alarm(n: int, m: int) -> None:
    """A comparison of ten distributions is one alarm at the level, and not ten."""
    rng = np.random.default_rng(n)

    def draw(size: int) -> CohortState:
        return CohortState(
            attempts=size,
            scores={kind: distribution_of(draw(rng, size)) for kind, draw in NUMBERS.items()},
            opening_moves=named(NAMES["a few moves"](rng, size)),
            repairs=named(NAMES["many moves"](rng, size)),
            statuses=named(NAMES["nearly always one"](rng, size)),
            constraint_categories=named(NAMES["more names than values"](rng, size)),
            anchors=named(zipf(119, 0.5)(rng, size)),
        )

    assert false_alarms(draw, n, m) <= MOST_FALSE_ALARMS


def found(current: Draw, baseline: Draw, field: str) -> int:
    """Count in how many of 50 pairs, 1,000 against 10,000, the drift of a field is found."""
    rng = np.random.default_rng(7)

    def state(drawn: np.ndarray) -> CohortState:
        if field == "scores":
            return CohortState(scores={"s": distribution_of(drawn)})
        return CohortState(attempts=len(drawn), **{field: named(drawn)})

    return sum(
        any(
            drift.status == "drift"
            for drift in distribution_drifts(
                state(current(rng, 1_000)), state(baseline(rng, 10_000)), Settings()
            ).distributions.values()
        )
        for _ in range(50)
    )


def test_drift_is_found_at_the_specified_thresholds() -> None:
    """Pollyanna from 0.6 to 0.7, one opening in place of many, slower by half: each time."""
    assert found(lambda r, n: r.beta(7, 3, n), lambda r, n: r.beta(6, 4, n), "scores") == 50
    assert found(zipf(8, 2.0), zipf(8, 0.7), "opening_moves") == 50
    slower: Draw = lambda rng, n: 1.5 * rng.lognormal(7, 0.5, n)  # noqa: E731 - as its neighbours
    assert found(slower, NUMBERS["continuous"], "scores") == 50


def test_anchors_that_take_over_are_found() -> None:
    """One new anchor in a quarter of all places, among 119."""
    usual = zipf(119, 0.5)

    def taken_over(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.where(rng.random(n) < 0.25, 999, usual(rng, n))

    assert found(taken_over, usual, "anchors") == 50
