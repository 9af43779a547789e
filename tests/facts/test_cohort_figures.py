"""The figures of a cohort: the same as a batch's, and which way each gets worse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from otel_persona.aggregation import BatchState, summarise_batch
from otel_persona.facts import Categories, cohort_figures, direction_of
from otel_persona.settings import Prices, Settings
from tests.facts.drawn import drawn_attempts, folded

DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "sidecars.md").read_text("utf-8")
WORSE_IS = {"higher_is_worse": "higher", "higher_is_better": "lower", "band": "both ways", None: ""}
UNITS = {"_ms": "ms", "_rate": "share", "_share": "share", "_usd": "USD", "_tokens": "tokens"}


def documented() -> dict[str, tuple[str, str]]:
    """Read the glossary: each figure's unit, and which way it gets worse."""
    glossary = DOCUMENTATION.partition("\n| figure | unit |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:4]] for row in glossary.splitlines()[2:]]
    return {
        name: (unit, worse) for names, unit, worse in rows for name in re.findall("`(.+?)`", names)
    }


def test_the_glossary_has_every_figure() -> None:
    """With its unit and direction, as the page and the code say them."""
    attempts = drawn_attempts(900)
    for attempt in attempts:
        attempt.validator_scores = {"<validator>": 0.5}
        attempt.repairs = ["<kind>"]
    figures = cohort_figures(folded(attempts), Prices())
    pages = documented()
    assert pages.keys() == figures.keys()
    for name, (unit, worse) in pages.items():
        if name != "mean_validator_scores.<validator>":
            assert worse == WORSE_IS[direction_of(name, Settings())], name
        for ending, unit_of_ending in UNITS.items():
            if name.endswith(ending):
                assert unit == unit_of_ending, name
        assert unit, name


def test_figures_equal_those_of_a_batch() -> None:
    """A cohort and a batch of the same attempts never disagree."""
    attempts = drawn_attempts(900)
    batch_state = BatchState()
    for attempt in attempts:
        batch_state.add(attempt)
    batch = summarise_batch(batch_state, Prices())
    figures = cohort_figures(folded(attempts), Prices())
    same = {
        "n_attempts": batch.batch_size,
        "n_personas": batch.personas,
        "success_rate": batch.success_rate,
        "repair_rate": batch.repair_rate,
        "mean_latency_ms": batch.mean_latency_ms,
        "p95_latency_ms": batch.p95_latency_ms,
        "mean_latency_success_ms": batch.mean_latency_success_ms,
        "p95_latency_success_ms": batch.p95_latency_success_ms,
        "opening_move_entropy": batch.opening_move_entropy,
        "anchor_diversity": batch.anchor_diversity,
        "anchors_rarefied_150": batch.anchors_rarefied_150,
        "total_tokens": batch.total_tokens,
        "cost_usd": batch.cost_usd,
        "mean_validator_scores.pollyanna": batch.mean_validator_scores["pollyanna"],
        "repairs_per_attempt.trait_leak": batch.repair_breakdown["trait_leak"] / 900,
    }
    assert {name: figures[name] for name in same} == same


def test_a_figure_without_data_is_null() -> None:
    """Nothing recorded is not zero."""
    (attempt,) = drawn_attempts(1)
    attempt.status, attempt.opening_move, attempt.anchors_used = "fail", None, []
    attempt.prompt_tokens = attempt.completion_tokens = 0
    figures = cohort_figures(folded([attempt]), Prices())
    empty = ("mean_latency_success_ms", "p99_latency_success_ms", "opening_move_entropy")
    more = ("top_opening_move_share", "top_anchor_share", "mean_prompt_tokens")
    assert [figures[name] for name in (*empty, *more)] == [None] * 6


def test_names_that_are_not_all_held_give_no_figure() -> None:
    """Free text as an anchor: what is left after most names were let go would mislead."""
    state = folded(drawn_attempts(200))
    assert cohort_figures(state, Prices())["anchor_diversity"] is not None
    state.anchors.merge(Categories({"zacuscă": 5}, other=40, error=1))
    figures = cohort_figures(state, Prices())
    names = ("anchor_diversity", "anchors_rarefied_150", "top_anchor_share")
    assert [figures[name] for name in names] == [None] * 3
    assert figures["opening_move_entropy"] is not None


def test_what_a_success_costs_counts_the_failures() -> None:
    """A provider that recovers gets cheaper; with no success there is no such price."""
    attempts = drawn_attempts(50)
    figures = cohort_figures(folded(attempts), Prices())
    successes = sum(attempt.status == "success" for attempt in attempts)
    assert figures["cost_usd_per_success"] == (figures["cost_usd"] or 0) / successes
    for attempt in attempts:
        attempt.status = "fail"
    assert cohort_figures(folded(attempts), Prices())["cost_usd_per_success"] is None


@pytest.mark.parametrize(
    ("figure", "direction"),
    [
        ("success_rate", "higher_is_better"),
        ("repair_rate", "higher_is_worse"),
        ("p99_latency_success_ms", "higher_is_worse"),
        ("mean_latency_ms", None),
        ("p99_latency_ms", None),
        ("p99_latency_of_theirs", "band"),
        ("p98_latency_ms", "band"),
        ("repairs_per_attempt.trait_leak", "higher_is_worse"),
        ("mean_validator_scores.trait_leak", "higher_is_worse"),
        ("mean_validator_scores.opening_variation", "higher_is_better"),
        ("mean_validator_scores.readability", None),
        ("n_attempts", None),
        ("anchor_diversity", None),
        ("auc", "band"),
    ],
)
def test_the_direction_of_a_figure(figure: str, direction: str | None) -> None:
    """Improvement never alarms, nor does a volume or the score of a validator nobody knows."""
    assert direction_of(figure, Settings()) == direction


def test_the_settings_name_a_direction() -> None:
    """An AUC that rises is good news once the settings say so."""
    settings = Settings(directions={"auc": "higher_is_better", "readability": "band"})
    assert direction_of("auc", settings) == "higher_is_better"
    assert direction_of("mean_validator_scores.readability", settings) == "band"
