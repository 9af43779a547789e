"""Which findings make a cohort invalid, and which are only told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_persona.facts import CohortState, cohort_figures
from otel_persona.records import record_from_entry
from otel_persona.settings import Settings
from tests.cohorts.trees import Tree, read

ONE_BASELINE = {"baselines": {"rolling_window_k": 0, "last_good_run": False}}
MakeEntry = Callable[..., dict[str, Any]]
Scored = Callable[[str, int, float], dict[str, Any]]


@pytest.fixture
def scored(make_entry: MakeEntry) -> Scored:
    """Give a function that makes so many attempts, whose scores lie around a mean."""

    def make(validator: str, attempts: int, mean: float) -> dict[str, Any]:
        state = CohortState()
        for number in range(attempts):
            scores = {validator: mean + number % 10 / 100}
            state.add(record_from_entry(make_entry(validator_scores=scores)))
        return {"state": state, "figures": dict(cohort_figures(state, Settings().prices))}

    return make


def drift_in(report: dict[str, Any], findings: str) -> list[str]:
    """Give the messages about distributions among the violations or warnings."""
    return [
        remark["message"].split(":")[0]
        for remark in report[findings]
        if remark["rule"] == "distribution_drift"
    ]


@pytest.mark.parametrize(
    ("validator", "attempts", "mean", "told", "is_violation"),
    [
        ("trait_leak", 1_000, 0.8, "has drifted (worse)", True),
        ("trait_leak", 1_000, 0.2, "has drifted (better)", False),
        ("readability", 1_000, 0.2, "has drifted (unjudged)", False),
        ("trait_leak", 150, 0.8, "is suspect of drift (worse)", True),
        ("trait_leak", 150, 0.2, "is suspect of drift (better)", False),
        ("readability", 150, 0.2, "is suspect of drift (unjudged)", False),
    ],
)
def test_drift_is_a_violation_unless_it_is_for_the_better_or_of_no_quality(
    tree: Tree,
    scored: Scored,
    validator: str,
    attempts: int,
    mean: float,
    told: str,
    is_violation: bool,
) -> None:
    """A suspect counts as what it would be with more attempts; nothing goes untold."""
    tree.save(0, **scored(validator, attempts, 0.5))
    folder = tree.save(1, **scored(validator, attempts, mean), sidecars=ONE_BASELINE)

    report = read(folder / "audit_report.json")
    message = [f"the distribution of score.{validator} {told}"]
    assert drift_in(report, "violations") == message * is_violation
    assert drift_in(report, "warnings") == message * (not is_violation)
    assert report["is_valid"] is not is_violation


def test_failures_of_another_kind_are_a_violation(tree: Tree, make_entry: MakeEntry) -> None:
    """With as many successes as before, what fails otherwise is a change that somebody looks at."""
    for number, other in enumerate(("fail", "repair")):
        state = CohortState()
        for status in ("success", other) * 500:
            state.add(record_from_entry(make_entry(status=status)))
        figures = dict(cohort_figures(state, Settings().prices))
        folder = tree.save(number, state=state, figures=figures, sidecars=ONE_BASELINE)

    report = read(folder / "audit_report.json")
    assert drift_in(report, "violations") == ["the distribution of status has drifted (changed)"]


def test_a_baseline_that_cannot_be_compared_is_a_warning(tree: Tree) -> None:
    """A pipeline that measures something else from now on has done nothing wrong."""
    tree.save(0, figures={"auc": 0.7})
    folder = tree.save(1, figures={"loss": 0.3}, sidecars=ONE_BASELINE)
    assert read(folder / "audit_report.json") == {
        "is_valid": True,
        "has_warnings": True,
        "violations": [],
        "warnings": [
            {
                "rule": "incomparable",
                "baseline": "previous_run",
                "message": "the two runs have no figure in common",
            }
        ],
    }
