"""Rollups of views and stages: what is in them, what is not, and how they are written."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from otel_persona.cohorts import (
    CohortTree,
    generate_stage_rollup,
    generate_telemetry_rollups,
    generate_view_rollup,
)
from otel_persona.errors import CohortError
from otel_persona.facts import CohortKey
from otel_persona.settings import Prices
from tests.cohorts.trees import Tree, read

STAGE = "B"
RUN = "run_0"
Attempts = Callable[..., dict[str, Any]]


def cross(target: str) -> CohortKey:
    """Name the cohort of all attempts of a target."""
    return CohortKey(STAGE, "CROSS_SECTIONAL", target)


def of_symbol(target: str, symbol: str) -> CohortKey:
    """Name the cohort of one symbol of a target."""
    return CohortKey(STAGE, "SYMBOL_SPECIFIC", target, symbol)


def rolled_up(tree: Tree, view: Any = "CROSS_SECTIONAL", run_id: str = RUN) -> dict[str, Any]:
    """Roll up a view, and read what was written."""
    generate_view_rollup(tree.open(), STAGE, view, run_id, Prices())
    content: dict[str, Any] = read(tree.root / STAGE / view / "telemetry_rollup.json")
    return content


def test_all_targets_of_a_run_and_their_spread(tree: Tree) -> None:
    """Each target's figures are there as saved; the standard deviation is the population's."""
    aucs = {"a": 0.61, "b": 0.7, "c": 0.94}
    for target, auc in aucs.items():
        tree.save(0, key=cross(target), figures={"auc": auc, "folds": 5})
    rollup = rolled_up(tree)
    assert rollup["targets"] == {target: {"auc": auc, "folds": 5} for target, auc in aucs.items()}
    assert rollup["symbols"] == {}
    assert rollup["aggregated_by_symbol"] == {}
    values = list(aucs.values())
    assert rollup["aggregated_metrics"]["auc"] == {
        "mean": pytest.approx(np.mean(values)),
        "std": pytest.approx(np.std(values)),
        "min": 0.61,
        "max": 0.94,
        "count": 3,
    }
    assert rollup["aggregated_metrics"]["folds"] == {
        "mean": 5.0,
        "std": 0.0,
        "min": 5,
        "max": 5,
        "count": 3,
    }


def test_targets_and_symbols_both_ways_round(tree: Tree) -> None:
    """In SYMBOL_SPECIFIC a figure is found by target and by symbol, with each symbol's spread."""
    for target, symbol, auc in (("a", "X", 0.6), ("a", "Y", 0.7), ("b", "X", 0.8)):
        tree.save(0, key=of_symbol(target, symbol), figures={"auc": auc})
    rollup = rolled_up(tree, "SYMBOL_SPECIFIC")
    assert rollup["targets"] == {
        "a": {"X": {"auc": 0.6}, "Y": {"auc": 0.7}},
        "b": {"X": {"auc": 0.8}},
    }
    assert rollup["symbols"] == {
        "X": {"a": {"auc": 0.6}, "b": {"auc": 0.8}},
        "Y": {"a": {"auc": 0.7}},
    }
    of_x = rollup["aggregated_by_symbol"]["X"]["auc"]
    assert (of_x["mean"], of_x["std"]) == (pytest.approx(0.7), pytest.approx(0.1))
    assert rollup["aggregated_by_symbol"]["Y"]["auc"]["count"] == 1
    assert rollup["aggregated_metrics"]["auc"]["count"] == 3


def test_what_is_no_number_is_kept_and_not_averaged(tree: Tree) -> None:
    """Bools, texts and nulls stand with their cohort; count says where a figure is a number."""
    tree.save(0, key=cross("a"), figures={"leak": True, "scheme": "kfold", "auc": 0.5})
    tree.save(0, key=cross("b"), figures={"leak": False, "scheme": 7, "auc": None})
    rollup = rolled_up(tree)
    assert rollup["targets"]["a"] == {"leak": True, "scheme": "kfold", "auc": 0.5}
    assert "leak" not in rollup["aggregated_metrics"]
    assert rollup["aggregated_metrics"]["scheme"]["count"] == 1
    assert rollup["aggregated_metrics"]["auc"]["count"] == 1
    assert rollup["merged"] is None


@pytest.mark.parametrize(
    "values",
    [
        [0.1] * 3,
        [1e308, 1e308],
        [-1e308, 1e308],
        [-sys.float_info.max, sys.float_info.max],
        [1.7e308, -1.7e308, 0, 1.7e308],
        [2**62, 2**62 + 1],
        [5e-324, 0.0],
    ],
)
def test_extreme_figures_have_a_spread(tree: Tree, values: list[float]) -> None:
    """No sum overflows, whole numbers stay whole, and equal figures have no spread at all."""
    for target, value in enumerate(values):
        tree.save(0, key=cross(f"t{target}"), figures={"figure": value})
    spread = rolled_up(tree)["aggregated_metrics"]["figure"]
    assert (spread["min"], spread["max"]) == (min(values), max(values))
    assert spread["min"] <= spread["mean"] <= spread["max"]
    assert spread["std"] <= max(map(abs, values))
    assert (spread["std"] == 0) == (len(set(map(float, values))) == 1)


def test_percentiles_are_those_of_all_attempts(tree: Tree, attempts: Attempts) -> None:
    """The merged p95 is NumPy's over every attempt, far from the mean of the cohorts' p95."""
    samples = {"fast": range(1, 1_901), "slow": range(50_000, 50_100)}
    for target, latencies in samples.items():
        tree.save(0, key=cross(target), **attempts(*latencies))
    rollup = rolled_up(tree)
    together = [latency for latencies in samples.values() for latency in latencies]
    merged = rollup["merged"]["figures"]
    for percent in (25, 50, 75, 90, 95, 99):
        right = np.percentile(together, percent)
        assert merged[f"p{percent}_latency_success_ms"] == pytest.approx(right, rel=1e-12)
    assert merged["n_attempts"] == rollup["merged"]["state"]["attempts"] == len(together)
    of_means = rollup["aggregated_metrics"]["p95_latency_success_ms"]["mean"]
    assert of_means > 5 * merged["p95_latency_success_ms"]


def test_merging_says_how_many_cohorts_have_attempts(tree: Tree, attempts: Attempts) -> None:
    """Figures by hand stand beside those of attempts, and have no part in the counts."""
    tree.save(0, key=cross("attempts"), **attempts(100, 200))
    tree.save(0, key=cross("by hand"), figures={"n_attempts": 1_000_000})
    merged = rolled_up(tree)["merged"]
    assert merged["cohorts"] == 1
    assert merged["figures"]["n_attempts"] == 2


def test_only_the_run_that_was_asked_for(tree: Tree) -> None:
    """Other runs of the same targets are not in it, nor are targets that the run does not have."""
    tree.save(0, key=cross("a"), figures={"auc": 0.1})
    tree.save(1, key=cross("a"), figures={"auc": 0.9})
    tree.save(1, key=cross("b"), figures={"auc": 0.8})
    assert rolled_up(tree)["targets"] == {"a": {"auc": 0.1}}
    assert set(rolled_up(tree, run_id="run_1")["targets"]) == {"a", "b"}


def test_a_run_that_goes_on_is_told_from_one_that_has_ended(tree: Tree) -> None:
    """The rollup of a checkpoint says that it is not the whole."""
    tree.save(0, key=cross("a"))
    assert rolled_up(tree)["complete"] is True
    tree.save(0, key=cross("b"), complete=False)
    assert rolled_up(tree)["complete"] is False


def test_a_stage_holds_its_views_and_mixes_nothing(tree: Tree) -> None:
    """Its views are those of their own files, but for the time of writing."""
    tree.save(0, key=cross("a"), figures={"auc": 0.1})
    tree.save(0, key=of_symbol("a", "X"), figures={"auc": 0.9})
    generate_telemetry_rollups(tree.open(), STAGE, RUN, Prices())
    stage = read(tree.root / STAGE / "telemetry_rollup.json")
    assert set(stage) == {"schema_version", "run_id", "stage", "timestamp", "views"}
    for view in ("CROSS_SECTIONAL", "SYMBOL_SPECIFIC"):
        own = read(tree.root / STAGE / view / "telemetry_rollup.json")
        del own["timestamp"]
        assert stage["views"][view] == own
    assert stage["views"]["CROSS_SECTIONAL"]["aggregated_metrics"]["auc"]["max"] == 0.1


def test_a_view_without_the_run_gets_no_rollup(tree: Tree) -> None:
    """A run without symbols makes no folder and no file for them."""
    tree.save(0, key=cross("a"))
    generate_telemetry_rollups(tree.open(), STAGE, RUN, Prices())
    assert list(read(tree.root / STAGE / "telemetry_rollup.json")["views"]) == ["CROSS_SECTIONAL"]
    assert not (tree.root / STAGE / "SYMBOL_SPECIFIC").exists()


def test_the_stage_alone_leaves_the_views_files(tree: Tree) -> None:
    """The container can be made anew without writing what stands beside the targets."""
    tree.save(0, key=cross("a"))
    generate_stage_rollup(tree.open(), STAGE, RUN, Prices())
    assert (tree.root / STAGE / "telemetry_rollup.json").exists()
    assert not (tree.root / STAGE / "CROSS_SECTIONAL" / "telemetry_rollup.json").exists()


@pytest.mark.parametrize(
    ("run_id", "words"),
    [("run_0x", "did you mean 'run_0'?"), ("zzz", "known: 'run_0', 'run_1'")],
)
@pytest.mark.parametrize(
    "generate",
    [
        lambda tree, run: generate_view_rollup(tree, STAGE, "CROSS_SECTIONAL", run, Prices()),
        lambda tree, run: generate_stage_rollup(tree, STAGE, run, Prices()),
        lambda tree, run: generate_telemetry_rollups(tree, STAGE, run, Prices()),
    ],
)
def test_an_unknown_run_is_named_with_the_nearest(
    tree: Tree, run_id: str, words: str, generate: Callable[[CohortTree, str], object]
) -> None:
    """Nothing is written for a run that is not there, and a slip of the pen is mended."""
    tree.save(0, key=cross("a"))
    tree.save(1, key=cross("a"))
    before = tree.files()
    with pytest.raises(CohortError, match=f"the run '{run_id}' has no cohort in B") as caught:
        generate(tree.open(), run_id)
    assert words in str(caught.value)
    assert tree.files() == before


def test_a_stage_without_runs_makes_no_folder(tree: Tree) -> None:
    """A stage that does not exist is not made by asking for its rollup."""
    tree.save(0, key=cross("a"))
    with pytest.raises(CohortError, match="there is no other run"):
        generate_telemetry_rollups(tree.open(), "elsewhere", RUN, Prices())
    assert not (tree.root / "elsewhere").exists()


@pytest.mark.parametrize("damage", [b"", b"{", b'{"schema_version": 1}', b"\xff\xfe"])
def test_a_damaged_cohort_is_named_and_skipped(tree: Tree, damage: bytes) -> None:
    """The rest is rolled up; the reason is in the file and goes to the caller, once each."""
    tree.save(0, key=cross("good"), figures={"auc": 0.5})
    folder = tree.save(0, key=cross("bad"), figures={"auc": 0.9})
    (folder / "telemetry_metrics.json").write_bytes(damage)
    rollup = rolled_up(tree)
    assert rollup["targets"] == {"good": {"auc": 0.5}}
    assert rollup["aggregated_metrics"]["auc"]["count"] == 1
    assert [skipped["path"] for skipped in rollup["skipped"]] == [
        folder.relative_to(tree.root).as_posix()
    ]
    assert [skipped.path for skipped in tree.skipped] == [folder]
    assert rollup["skipped"][0]["reason"] == tree.skipped[0].reason
    assert "telemetry_metrics.json" in tree.skipped[0].reason


def test_a_cohort_in_a_folder_of_another_is_skipped(tree: Tree) -> None:
    """A folder that was copied under another symbol counts for neither."""
    folder = tree.save(0, key=of_symbol("a", "X"), figures={"auc": 0.5})
    shutil.copytree(folder, folder.parents[1] / "symbol=Y" / folder.name)
    rollup = rolled_up(tree, "SYMBOL_SPECIFIC")
    assert set(rollup["symbols"]) == {"X"}
    assert len(rollup["skipped"]) == 1


def test_the_same_cohorts_give_the_same_bytes(tree: Tree, attempts: Attempts) -> None:
    """But for the timestamp, which is the one thing that says when a file was written."""
    for target in "cab":
        tree.save(0, key=cross(target), **attempts(100, 200, 300))
        tree.save(0, key=of_symbol(target, "X"), **attempts(100, 200))
    contents = []
    for _ in range(2):
        generate_telemetry_rollups(tree.open(), STAGE, RUN, Prices())
        files = sorted(tree.root.glob(f"{STAGE}/**/telemetry_rollup.*"))
        assert len(files) == 6
        contents.append({path: path.read_bytes() for path in files})
        for path in files:
            path.unlink()
    for path, first in contents[0].items():
        second = contents[1][path]
        differing = [
            line
            for line, other in zip(first.split(b"\n"), second.split(b"\n"), strict=True)
            if line != other
        ]
        assert all(b'"timestamp"' in line for line in differing)


def test_names_of_a_naming_take_the_place_of_the_other(tree: Tree) -> None:
    """After a change of ``naming`` there is one rollup, and cohorts of both are in it."""
    tree.save(0, key=cross("old"))
    rolled_up(tree)
    tree.save(0, key=cross("new"), sidecars={"naming": "metrics"})
    renamed = tree.open(naming="metrics")
    generate_view_rollup(renamed, STAGE, "CROSS_SECTIONAL", RUN, Prices())
    view = tree.root / STAGE / "CROSS_SECTIONAL"
    assert set(read(view / "metrics_rollup.json")["targets"]) == {"old", "new"}
    assert {path.name for path in view.glob("*_rollup.*")} == {
        "metrics_rollup.json",
        "metrics_rollup.parquet",
    }


def test_writers_wait_for_each_other(tree: Tree) -> None:
    """A rollup is never half of one run and half of another, and is always whole to a reader."""
    for number in range(2):
        for target in range(20):
            tree.save(number, key=cross(f"t{target}"), figures={"run": number})
    path = tree.root / STAGE / "CROSS_SECTIONAL" / "telemetry_rollup.json"
    rolled_up(tree)
    with ThreadPoolExecutor(4) as threads:
        jobs = [
            threads.submit(rolled_up, tree, "CROSS_SECTIONAL", f"run_{index % 2}")
            for index in range(12)
        ]
        while not all(job.done() for job in jobs):
            seen = read(path)
            runs = {figures["run"] for figures in seen["targets"].values()}
            assert runs == {int(seen["run_id"][-1])}
        for job in jobs:
            job.result()
    assert not [path for path in path.parent.iterdir() if path.name.startswith(".unfinished")]


@pytest.mark.parametrize("folder", [STAGE, f"{STAGE}/CROSS_SECTIONAL"])
def test_a_lock_that_is_never_free_is_one_clear_error(tree: Tree, folder: str) -> None:
    """Whoever holds the view's or the stage's lock is waited for, as long as the settings say."""
    tree.save(0, key=cross("a"))
    rolled_up(tree)
    lock = os.open(tree.root / folder / ".lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CohortError, match=r"\.lock: another writer holds this lock"):
            generate_telemetry_rollups(tree.open(lock_timeout_s=0.0), STAGE, RUN, Prices())
        generate_telemetry_rollups(tree.open(lock=False), STAGE, RUN, Prices())
    finally:
        os.close(lock)


def test_a_disk_that_refuses_is_a_cohort_error(tree: Tree) -> None:
    """What stands in the way is named, as when a cohort is saved."""
    tree.save(0, key=cross("a"))
    (tree.root / STAGE / "CROSS_SECTIONAL" / "telemetry_rollup.json").mkdir()
    with pytest.raises(CohortError, match="CROSS_SECTIONAL: cannot be written"):
        rolled_up(tree)


def test_what_a_killed_writer_left_is_removed(tree: Tree) -> None:
    """Unfinished files do not gather beside the rollups."""
    tree.save(0, key=cross("a"))
    left = tree.root / STAGE / "CROSS_SECTIONAL" / ".unfinished-0123456789abcdef"
    left.write_bytes(b"half")
    rolled_up(tree)
    assert not left.exists()


def test_ids_of_the_origin_are_rolled_up(tree: Tree) -> None:
    """Cohorts whose ids begin with ``cs_`` are read beside ours."""
    folder = tree.save(0, key=cross("old"), figures={"auc": 0.5})
    folder.rename(folder.with_name(f"cohort=cs_{RUN}"))
    tree.save(0, key=cross("new"), figures={"auc": 0.7})
    assert set(rolled_up(tree)["targets"]) == {"old", "new"}
