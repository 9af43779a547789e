"""Several runs as one baseline."""

from __future__ import annotations

import math

import pytest

from otel_persona.facts import (
    CohortKey,
    Facts,
    Figure,
    Fingerprints,
    cohort_figures,
    encode_state,
    merged,
)
from otel_persona.settings import Prices
from tests.facts.drawn import drawn_attempts, folded

KEY = CohortKey("B", "CROSS_SECTIONAL", "25K")


def run_of(number: int) -> Facts:
    """Make the facts of one run, with prints of its own."""
    state = folded(drawn_attempts(60, number))
    return Facts(
        key=KEY,
        run_id=f"run {number}",
        ended_at=state.end,
        figures=dict(cohort_figures(state, Prices())),
        state=state,
        fingerprints=Fingerprints(git_commit=str(number), settings_hash="same"),
    )


def by_hand(**figures: Figure) -> Facts:
    """Make facts without attempts."""
    return Facts(key=KEY, run_id="r", ended_at="2026-02-01T00:00:00.000Z", figures=figures)


def test_a_window_of_runs_is_all_their_attempts() -> None:
    """Percentiles of a window are true ones, not means of percentiles."""
    window = merged([run_of(1), run_of(2), run_of(3)], Prices())
    attempts = [attempt for number in (1, 2, 3) for attempt in drawn_attempts(60, number)]
    assert window.figures == cohort_figures(folded(attempts), Prices())
    assert window.state is not None
    assert encode_state(window.state) == encode_state(folded(attempts))
    assert window.run_id == "run 3"


def test_prints_that_differ_are_not_told_as_one() -> None:
    """Only what all runs share is said of the window."""
    prints = merged([run_of(1), run_of(2)], Prices()).fingerprints
    assert (prints.git_commit, prints.settings_hash) == (None, "same")
    assert prints.data_hash is not None


def test_figures_without_attempts_are_averaged() -> None:
    """A window of hand-made figures is their mean; equal ints stay ints, and text is the last."""
    window = merged(
        [by_hand(auc=0.5, folds=5, flag=True, name="a"), by_hand(auc=0.75, folds=5, name="b", x=1)],
        Prices(),
    )
    assert window.figures == {"auc": 0.625, "folds": 5, "flag": True, "name": "b", "x": 1}
    assert isinstance(window.figures["folds"], int)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_takes_no_part_in_a_mean(value: float) -> None:
    """One division by zero long ago does not cost the window its figure."""
    window = merged([by_hand(loss=0.5), by_hand(loss=value), by_hand(loss=0.25)], Prices())
    assert window.figures == {"loss": 0.375}
    never = merged([by_hand(loss=value), by_hand(loss=math.inf)], Prices())
    assert never.figures == {"loss": math.inf}


def test_one_run_stays_as_it_is() -> None:
    """A window of one run is that run."""
    run = run_of(1)
    assert merged([run], Prices()) is run
