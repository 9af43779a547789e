"""Real requests as five runs: percentiles are the publishers', and little data is called so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from otel_persona.cohorts import (
    TREE_NAME,
    CohortStates,
    SubjectStates,
    generate_telemetry_rollups,
    write_cohort_telemetry,
)
from otel_persona.demo.slices import SLICES, sliced_attempts
from otel_persona.facts import CohortKey, Facts, cohort_figures, merged
from otel_persona.records import AttemptRecord
from otel_persona.settings import Prices, Settings
from tests.cohorts.trees import Tree, read
from tests.llmperf import Summary, published_summaries

WHOLE = "whole"


def save_runs(tree: Tree, attempts: Iterator[AttemptRecord]) -> None:
    """Fold attempts and save their cohorts, run by run in the order of their ends."""
    folded = SubjectStates(Settings())
    ends: dict[str, str] = {}
    for attempt in attempts:
        folded.add(attempt)
        ends[attempt.run_id] = max(attempt.ts, ends.get(attempt.run_id, ""))
    cohorts = CohortStates(tree.open(), lambda sentence, _: pytest.fail(sentence))
    cohorts.take_in(folded)
    for cohort, state in sorted(cohorts.states.items(), key=lambda one: ends[one[0].run_id]):
        facts = Facts(
            key=cohort.key,
            run_id=cohort.run_id,
            ended_at=ends[cohort.run_id],
            figures=dict(cohort_figures(state, Prices())),
            state=state,
        )
        write_cohort_telemetry(tree.open(), facts, Settings())


def in_one_run(attempts: Iterator[AttemptRecord]) -> Iterator[AttemptRecord]:
    """Take all slices for one run."""
    for attempt in attempts:
        attempt.run_id = WHOLE
        yield attempt


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Give a tree of five runs, with their rollups."""
    tree = Tree(tmp_path_factory.mktemp("slices") / TREE_NAME)
    save_runs(tree, sliced_attempts())
    for index in range(SLICES):
        generate_telemetry_rollups(tree.open(), "validation", f"slice_{index + 1}", Prices())
    return tree


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Give a tree with one run of all requests."""
    tree = Tree(tmp_path_factory.mktemp("whole") / TREE_NAME)
    save_runs(tree, in_one_run(sliced_attempts()))
    return tree


def check_latencies(figures: dict[str, Any], published: Summary) -> None:
    """Compare successes' mean and p25 to p99 to within the rounding of one millisecond."""
    ours = {percent: figures[f"p{percent}_latency_success_ms"] for percent in published.percentiles}
    right = {percent: seconds * 1000 for percent, seconds in published.percentiles.items()}
    assert ours == pytest.approx(right, abs=1)
    assert figures["mean_latency_success_ms"] == pytest.approx(published.mean * 1000, abs=1)
    failed = figures["n_attempts"] * (1 - figures["success_rate"])
    assert failed == pytest.approx(published.errors)


@pytest.mark.parametrize("published", published_summaries(), ids=str)
def test_percentiles_of_the_merged_slices(slices: Tree, published: Summary) -> None:
    """Five sidecars together give the publishers' figures; no log is needed."""
    tree = slices.open()
    key = CohortKey("validation", "SYMBOL_SPECIFIC", published.size, published.provider)
    runs = [tree.read_facts(cohort) for cohort in tree.cohorts(key)]
    assert len(runs) == SLICES
    check_latencies(dict(merged(runs, Prices()).figures), published)


@pytest.mark.parametrize("published", published_summaries(), ids=str)
def test_percentiles_of_one_run(whole: Tree, published: Summary) -> None:
    """The figures as they stand in the sidecar are the publishers'."""
    key = CohortKey("validation", "SYMBOL_SPECIFIC", published.size, published.provider)
    folder = whole.open().cohort(key, WHOLE).folder
    check_latencies(read(folder / "metrics.json"), published)


def test_a_trend_exists_after_five_runs(slices: Tree) -> None:
    """The fifth slice has one for every cohort, over all five; the fourth has none."""
    trends = sorted(slices.root.rglob("telemetry_trend.json"))
    assert {path.parent.name for path in trends} == {"cohort=cr_slice_5", "cohort=sy_slice_5"}
    assert len(trends) == 3 + 14
    for path in trends:
        trend = read(path)
        assert trend["runs"] == [f"slice_{index + 1}" for index in range(SLICES)]
        assert "mean_latency_success_ms" in trend["figures"]


def test_a_slice_is_too_small_for_distances(slices: Tree) -> None:
    """30 requests of a provider, or the 150 of a size, say so, whatever they are compared with."""
    decided = []
    for path in slices.root.rglob("telemetry_drift.json"):
        for block in read(path)["baselines"].values():
            if block["status"] == "compared":
                latency = block["distributions"]["latency_success_ms"]
                if latency["n_current"] and latency["n_baseline"]:
                    decided.append((latency["ks_status"], latency["psi_status"]))
    assert len(decided) >= 150
    assert set(decided) == {("insufficient", "insufficient")}


def test_a_views_percentiles_are_those_of_its_requests(slices: Tree) -> None:
    """The rollup of a slice is true to its requests: counted by hand, over all providers."""
    view = slices.root / "validation" / "CROSS_SECTIONAL"
    rollup = read(view / "telemetry_rollup.json")
    assert rollup["run_id"] == "slice_5"
    attempts = [attempt for attempt in sliced_attempts() if attempt.run_id == "slice_5"]
    assert rollup["merged"]["figures"]["n_attempts"] == len(attempts) == 420
    latencies = sorted(one.latency_ms for one in attempts if one.status == "success")
    middle = len(latencies) // 2
    median = (latencies[middle] + latencies[~middle]) / 2
    assert rollup["merged"]["figures"]["p50_latency_success_ms"] == pytest.approx(median)
    assert set(rollup["targets"]) == {"7b", "13b", "70b"}
