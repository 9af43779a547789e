"""What a run is compared with: earlier by the runs' own ends, complete, and never itself."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_persona.cohorts import mark_good
from otel_persona.cohorts.index import MOST_ROWS
from otel_persona.errors import CohortError
from otel_persona.facts import CohortKey, Fingerprints
from tests.cohorts.trees import Tree, end_of, read


def test_the_three_baselines(tree: Tree) -> None:
    """The newest earlier run, the last k of them, and the newest good one, oldest first."""
    for number in range(4):
        tree.save(number, figures={"fold_count": 5 if number < 3 else 7})
    folder = tree.save(4, sidecars={"baselines": {"rolling_window_k": 3}})

    assert tree.baselines(folder) == {
        "previous_run": ["run_3"],
        "rolling_window_k": ["run_1", "run_2", "run_3"],
        "last_good_run": ["run_2"],
    }


@pytest.mark.parametrize(
    ("off", "left"),
    [
        ({"previous_run": False}, ["last_good_run", "rolling_window_k"]),
        ({"rolling_window_k": 0}, ["last_good_run", "previous_run"]),
        ({"last_good_run": False}, ["previous_run", "rolling_window_k"]),
        ({"previous_run": False, "rolling_window_k": 0, "last_good_run": False}, []),
    ],
)
def test_a_baseline_can_be_switched_off(tree: Tree, off: dict[str, Any], left: list[str]) -> None:
    """It has no block then; the others stay."""
    tree.save(0)
    assert sorted(tree.baselines(tree.save(1, sidecars={"baselines": off}))) == left


def test_the_first_run_has_no_baseline_and_says_so(tree: Tree) -> None:
    """Each baseline that is looked for has its block, with the reason why there is none."""
    folder = tree.save(0)

    no_run = {
        "status": "no_baseline",
        "reason": "no complete run of this key ended earlier",
    }
    assert read(folder / "telemetry_drift.json")["baselines"] == {
        "previous_run": no_run,
        "rolling_window_k": no_run,
        "last_good_run": {
            "status": "no_baseline",
            "reason": "no complete run of this key that ended earlier is marked good "
            "or has a valid audit",
        },
    }
    assert read(folder / "audit_report.json")["is_valid"] is True


def test_earlier_is_what_ended_earlier(tree: Tree) -> None:
    """The order in which runs are saved, their files' times and their ids decide nothing."""
    for run_id, number in (("z", 1), ("a", 3), ("m", 2), ("later", 9)):
        folder = tree.save(0, run_id=run_id, ended_at=end_of(number))
        for path in (folder, *folder.iterdir()):
            os.utime(path, (10**9 - number, 10**9 - number))
    folder = tree.save(0, run_id="now", ended_at=end_of(4))

    assert tree.baselines(folder) == {
        "previous_run": ["a"],
        "rolling_window_k": ["z", "m", "a"],
        "last_good_run": ["a"],
    }


def test_runs_that_ended_together_are_ordered_by_id(tree: Tree) -> None:
    """So that the same runs give the same baselines, whoever was saved first."""
    for run_id in ("run_b", "run_c", "run_a"):
        tree.save(0, run_id=run_id)
    folder = tree.save(0, run_id="run_b")
    assert tree.baselines(folder)["rolling_window_k"] == ["run_a"]


def test_a_run_is_never_its_own_baseline(tree: Tree) -> None:
    """Also when it is written again, later, and with another end."""
    tree.save(0)
    tree.save(1)
    for ended_at in (end_of(1), end_of(2), end_of(5)):
        folder = tree.save(1, ended_at=ended_at)
        assert {*map(tuple, tree.baselines(folder).values())} == {("run_0",)}


def test_an_incomplete_run_is_nobodys_baseline(tree: Tree) -> None:
    """Not marked good either, until it is saved as complete."""
    tree.save(0)
    tree.save(1, complete=False)
    tree.save(1, key=CohortKey("OTHER", "CROSS_SECTIONAL", "swing_60m"))
    assert mark_good(tree.open(), "run_1") == 1
    assert {*map(tuple, tree.baselines(tree.save(2)).values())} == {("run_0",)}

    tree.save(1, complete=True)
    folder = tree.save(2)
    assert tree.baselines(folder)["previous_run"] == ["run_1"]
    assert tree.baselines(folder)["last_good_run"] == ["run_1"]


def test_facts_that_are_not_complete_are_nobodys_baseline(tree: Tree) -> None:
    """Also where the metadata beside them say that they are, as in a backup that is half back."""
    tree.save(0)
    facts = tree.save(1) / "telemetry_metrics.json"
    text = facts.read_text()
    assert '"complete": true' in text
    facts.write_text(text.replace('"complete": true', '"complete": false'))
    assert {*map(tuple, tree.baselines(tree.save(2)).values())} == {("run_0",)}


def test_a_good_run_is_marked_or_valid(tree: Tree) -> None:
    """A run with a violation is no good run by itself, and one when somebody says so."""
    tree.save(0, figures={"fold_count": 5})
    tree.save(1, figures={"fold_count": 7})
    tree.save(2, figures={"fold_count": 9})
    last = {"figures": {"fold_count": 9}}
    assert tree.baselines(tree.save(3, **last))["last_good_run"] == ["run_0"]

    mark_good(tree.open(), "run_1")
    assert tree.baselines(tree.save(3, **last))["last_good_run"] == ["run_1"]
    mark_good(tree.open(), "run_2")
    mark_good(tree.open(), "run_1")
    assert tree.baselines(tree.save(3, **last))["last_good_run"] == ["run_2"]
    assert sorted(read(tree.root / "good_runs.json")) == ["run_1", "run_2"]


def test_marking_a_run_that_is_not_there(tree: Tree) -> None:
    """The sentence names the nearest, and nothing is written."""
    tree.save(0, run_id="25K_20260131")
    with pytest.raises(CohortError, match="has no run '25K_20260113'; did you mean '25K_20260131'"):
        mark_good(tree.open(), "25K_20260113")
    assert not (tree.root / "good_runs.json").exists()


def test_only_the_same_key_is_compared(tree: Tree) -> None:
    """Another stage, view, target or symbol is nobody's baseline, however alike it is called."""
    keys = [
        CohortKey("S", "CROSS_SECTIONAL", "t"),
        CohortKey("S2", "CROSS_SECTIONAL", "t"),
        CohortKey("S", "CROSS_SECTIONAL", "t:A"),
        CohortKey("S", "SYMBOL_SPECIFIC", "t", "A"),
        CohortKey("S", "SYMBOL_SPECIFIC", "t", "B"),
        CohortKey("S", "SYMBOL_SPECIFIC", "t:A", "A"),
        CohortKey("S:CROSS_SECTIONAL", "CROSS_SECTIONAL", "t"),
    ]
    for number, key in enumerate(keys):
        folder = tree.save(number, key=key)
        assert tree.baselines(folder)["rolling_window_k"] == [], key


def test_attempts_of_the_window_are_taken_together(
    tree: Tree, attempts: Callable[..., dict[str, Any]]
) -> None:
    """The window's figures are those of all its attempts, not means of the runs' figures."""
    tree.save(0, **attempts(100))
    tree.save(1, **attempts(200, 300, 400))
    folder = tree.save(2, **attempts(500))

    window = read(folder / "telemetry_drift.json")["baselines"]["rolling_window_k"]
    assert window["metrics"]["mean_latency_ms"]["baseline"] == 250
    assert window["metrics"]["n_attempts"]["baseline"] == 4


def test_a_copy_of_a_run_is_a_violation(
    tree: Tree, attempts: Callable[..., dict[str, Any]]
) -> None:
    """The same data under another name is not a good run, and the audit says why."""
    prints = Fingerprints(data_hash="0" * 32)
    tree.save(0, **attempts(100), fingerprints=prints)
    folder = tree.save(1, **attempts(100), fingerprints=prints)

    audit = read(folder / "audit_report.json")
    assert audit["is_valid"] is False
    assert {remark["rule"] for remark in audit["violations"]} == {"suspiciously_identical"}


def test_what_the_audit_says(tree: Tree) -> None:
    """A critical figure's alert is a violation, other alerts are warnings; each says where."""
    one_baseline = {"sidecars": {"baselines": {"rolling_window_k": 0, "last_good_run": False}}}
    tree.save(0, figures={"fold_count": 100, "horizon": 100, "auc": 0.7, "n": 1})
    folder = tree.save(
        1, figures={"fold_count": 50, "horizon": 101, "auc": 0.1, "n": 1}, **one_baseline
    )

    assert read(folder / "audit_report.json") == {
        "is_valid": False,
        "has_warnings": True,
        "violations": [
            {
                "rule": "critical_figure",
                "baseline": "previous_run",
                "subject": "fold_count",
                "message": "fold_count went from 100 to 50: ALERT",
            }
        ],
        "warnings": [
            {
                "rule": "figure",
                "baseline": "previous_run",
                "subject": "auc",
                "message": "auc went from 0.7 to 0.1: ALERT",
            },
            {
                "rule": "figure",
                "baseline": "previous_run",
                "subject": "horizon",
                "message": "horizon went from 100 to 101: WARN",
            },
        ],
    }


def test_cohorts_that_others_copy_in_or_remove_are_noticed(tree: Tree, tmp_path: Path) -> None:
    """The index is only a cache: what is in the folders counts."""
    folders = [tree.save(number) for number in range(3)]
    aside = tmp_path / "aside"
    shutil.move(folders[2], aside)
    assert tree.baselines(tree.save(5))["rolling_window_k"] == ["run_0", "run_1"]

    shutil.copytree(aside, folders[2])
    assert tree.baselines(tree.save(5))["rolling_window_k"] == ["run_0", "run_1", "run_2"]
    shutil.rmtree(folders[0])
    assert tree.baselines(tree.save(5))["rolling_window_k"] == ["run_1", "run_2"]
    assert tree.skipped == []


def test_a_cohort_that_comes_within_one_tick_of_the_clock_is_noticed(
    tree: Tree, tmp_path: Path
) -> None:
    """The folder's time is as it was, but there is more in it."""
    folder, aside = tree.save(1), tmp_path / "aside"
    shutil.move(folder, aside)
    tree.save(0)
    before = folder.parent.stat()
    shutil.move(aside, folder)
    os.utime(folder.parent, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert tree.baselines(tree.save(5))["rolling_window_k"] == ["run_0", "run_1"]


def test_a_folder_that_another_took_the_place_of_is_noticed(tree: Tree, tmp_path: Path) -> None:
    """Also where both have as much in them, and the same time."""
    other = Tree(tmp_path / "other")
    replaced, restored = tree.save(0).parent, other.save(1).parent
    before = replaced.stat()
    shutil.move(replaced, tmp_path / "aside")
    shutil.move(restored, replaced)
    os.utime(replaced, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert replaced.stat().st_nlink == before.st_nlink
    assert tree.baselines(tree.save(5))["rolling_window_k"] == ["run_1"]


def test_a_cohort_that_is_being_copied_in_is_noticed_when_it_is_whole(
    tree: Tree, tmp_path: Path
) -> None:
    """Its folder comes first and its files later, when the folder above no longer changes."""
    tree.save(0)
    copied = tree.save(1)
    aside = tmp_path / "aside"
    shutil.copytree(copied, aside)
    for path in copied.iterdir():
        path.unlink()
    assert tree.baselines(tree.save(5))["previous_run"] == ["run_0"]

    for path in aside.iterdir():
        shutil.copy(path, copied)
    assert tree.baselines(tree.save(5))["previous_run"] == ["run_1"]


def test_a_backup_that_was_restored_is_noticed(tree: Tree, tmp_path: Path) -> None:
    """Also where it changed a cohort in its place, so that the index is wrong about it."""
    folder = tree.save(1, complete=True)
    backup = tmp_path / "backup"
    shutil.copytree(folder, backup)
    tree.save(0)
    tree.save(1, complete=False)
    tree.save(2)

    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    assert tree.baselines(tree.save(5))["rolling_window_k"] == ["run_0", "run_1", "run_2"]

    incomplete = (
        (folder / "metadata.json").read_text().replace('"complete": true', '"complete": false')
    )
    (folder / "metadata.json").write_text(incomplete)
    assert tree.baselines(tree.save(5))["rolling_window_k"] == ["run_0", "run_2"]


def test_a_tree_that_was_moved_as_a_whole_goes_on(tree: Tree, tmp_path: Path) -> None:
    """Nothing in it holds its own place."""
    tree.save(0)
    tree.root.rename(tmp_path / "elsewhere")
    moved = Tree(tmp_path / "elsewhere")
    assert moved.baselines(moved.save(1))["previous_run"] == ["run_0"]


def test_the_other_prefix_of_the_origin_is_read(tree: Tree) -> None:
    """``cs_`` is a CROSS_SECTIONAL cohort as well; one in the wrong view is named and skipped."""
    folder = tree.save(0)
    folder.rename(folder.with_name("cohort=cs_run_0"))
    assert tree.baselines(tree.save(1))["previous_run"] == ["run_0"]
    assert tree.skipped == []

    wrong = folder.with_name("cohort=sy_run_2")
    shutil.copytree(tree.save(2), wrong)
    assert tree.baselines(tree.save(3))["previous_run"] == ["run_2"]
    assert {damaged.path for damaged in tree.skipped} == {wrong}
    assert (
        "a cohort in CROSS_SECTIONAL is called cohort= and then cr_ or cs_"
        in tree.skipped[0].reason
    )


def test_looking_for_a_baseline_reads_as_much_whatever_the_number_of_runs(tree: Tree) -> None:
    """A save after 200 runs opens the very same number of files as one after 40."""
    opened = [0]
    is_counting = [False]

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if is_counting[0] and event in {"open", "os.scandir", "os.listdir"}:
            opened[0] += 1

    sys.addaudithook(count)

    def cost(number: int) -> int:
        opened[0] = 0
        is_counting[0] = True
        tree.save(number)
        is_counting[0] = False
        return opened[0]

    for number in range(40):
        tree.save(number)
    after_40 = cost(40)
    for number in range(41, 200):
        tree.save(number)
    assert cost(200) == after_40


def test_the_last_good_run_is_found_behind_many_damaged_ones(tree: Tree) -> None:
    """Also where the index gives the valid runs and the marked ones in several goes."""
    folders = [tree.save(number) for number in range(MOST_ROWS + 8)]
    mark_good(tree.open(), "run_0")
    for folder in folders[8:]:
        (folder / "telemetry_metrics.json").write_text("{")
    assert tree.baselines(tree.save(MOST_ROWS + 9))["last_good_run"] == ["run_7"]
