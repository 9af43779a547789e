"""A damaged file anywhere in the tree is named and passed over, and the rest goes on."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from otel_persona.cohorts import CohortTree, mark_good
from otel_persona.errors import CohortError
from otel_persona.facts import CohortKey
from tests.cohorts.trees import Tree, read


def _garbage(path: Path) -> None:
    path.write_bytes(b"\x00\xffgarbage" * 500)


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _other_json(path: Path) -> None:
    path.write_bytes(b'["not", {"what": "it was"}]')


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = [_garbage, _half, _nothing, _other_json, _a_folder]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    ("name", "previous", "good"),
    [
        ("metadata.json", "run_1", "run_1"),
        ("audit_report.json", "run_2", "run_1"),  # it only says that a run is good
        ("telemetry_metrics.json", "run_1", "run_1"),
        ("metrics.json", "run_2", "run_2"),  # a trend needs it, a baseline does not
    ],
)
def test_a_damaged_cohort_is_passed_over(
    tree: Tree, name: str, previous: str, good: str, damage: Callable[[Path], None]
) -> None:
    """The next run is compared with the one before it, and has its own files."""
    folders = [tree.save(number) for number in range(3)]
    damage(folders[2] / name)

    folder = tree.save(3)
    assert tree.baselines(folder)["previous_run"] == [previous]
    assert tree.baselines(folder)["last_good_run"] == [good]
    assert {damaged.path for damaged in tree.skipped} == {folders[2]}
    assert all(damaged.reason.startswith(f"{name}: ") for damaged in tree.skipped)

    if damage is not _a_folder:
        tree.save(2)  # saved again, it is whole again
        tree.skipped.clear()
        assert tree.baselines(tree.save(3))["previous_run"] == ["run_2"]
        assert tree.skipped == []


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "name",
    ["telemetry_drift.json", "telemetry_metrics.parquet", "telemetry_drift.parquet", ".lock"],
)
def test_what_nobody_needs_to_save_hinders_nobody(
    tree: Tree, name: str, damage: Callable[[Path], None]
) -> None:
    """Files that are made for others to read are not read by the next save."""
    folder = tree.save(0)
    path = folder / name
    if not path.exists():
        path.write_bytes(b"{}")
    damage(path)
    assert tree.baselines(tree.save(1))["previous_run"] == ["run_0"]
    assert tree.skipped == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_marks_are_not_overwritten(tree: Tree, damage: Callable[[Path], None]) -> None:
    """Runs go on without them; who marks another is told, since the others would be lost."""
    tree.save(0)
    mark_good(tree.open(), "run_0")
    marks = tree.root / "good_runs.json"
    damage(marks)

    folder = tree.save(1)
    assert tree.baselines(folder)["last_good_run"] == ["run_0"]  # its audit is valid
    assert {damaged.path for damaged in tree.skipped} == {marks}
    with pytest.raises(CohortError, match=r"good_runs\.json"):
        mark_good(tree.open(), "run_1")


@pytest.mark.parametrize("damage", [_garbage, _half, _nothing, _other_json])
def test_a_damaged_index_is_made_anew(tree: Tree, damage: Callable[[Path], None]) -> None:
    """It is only a cache; nothing is lost with it, and it is quick again afterwards."""
    for number in range(3):
        tree.save(number)
    index = tree.root / ".index.sqlite3"
    damage(index)

    assert tree.baselines(tree.save(3))["rolling_window_k"] == ["run_0", "run_1", "run_2"]
    if damage is not _nothing:  # an empty file is a new index
        assert [damaged.path for damaged in tree.skipped] == [index]
    tree.skipped.clear()
    assert len(tree.baselines(tree.save(4))["rolling_window_k"]) == 4
    assert tree.skipped == []


def test_an_index_damaged_in_the_middle_is_made_anew(tree: Tree) -> None:
    """Also where that shows only while it is used."""
    for number in range(3):
        tree.save(number)
    index = tree.root / ".index.sqlite3"
    content = bytearray(index.read_bytes())
    for start in range(4_096, len(content), 4_096):  # every page but the first
        content[start : start + 64] = b"\xff" * 64
    index.write_bytes(content)

    assert tree.baselines(tree.save(3))["rolling_window_k"] == ["run_0", "run_1", "run_2"]
    assert {damaged.path for damaged in tree.skipped} == {index}


@pytest.mark.parametrize(
    "changes",
    [
        "DROP TABLE cohorts; CREATE TABLE cohorts (other TEXT); PRAGMA user_version = 77",
        "DROP TABLE cohorts; CREATE TABLE cohorts (other TEXT)",
        "DROP TABLE cohorts",
        "DROP TABLE folders",
        "DROP INDEX valid_ends",
    ],
)
def test_an_index_with_other_tables_is_made_anew(tree: Tree, changes: str) -> None:
    """It is of no use, whoever made it, and whatever version it says it is."""
    tree.save(0)
    index = tree.root / ".index.sqlite3"
    with closing(sqlite3.connect(index)) as connection:
        connection.executescript(changes)
    assert tree.baselines(tree.save(1))["previous_run"] == ["run_0"]
    assert [damaged.path for damaged in tree.skipped] == [index]
    assert "the index is made anew: " in tree.skipped[0].reason
    tree.skipped.clear()
    assert tree.baselines(tree.save(2))["previous_run"] == ["run_1"]
    assert tree.skipped == []


def test_what_is_in_the_place_of_the_index_costs_no_save(tree: Tree) -> None:
    """Each save reads the folder then, and says that it goes without the index."""
    tree.save(0)
    index = tree.root / ".index.sqlite3"
    _a_folder(index)
    for number in (1, 2):
        assert tree.baselines(tree.save(number))["previous_run"] == [f"run_{number - 1}"]
    assert {damaged.path for damaged in tree.skipped} == {index}
    assert "the index is not used for this save: " in tree.skipped[-1].reason


@pytest.mark.parametrize("held", ["BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM cohorts"])
def test_an_index_that_others_hold_costs_no_save(tree: Tree, held: str) -> None:
    """It is left as it is, and what was saved without it is found with it afterwards."""
    tree.save(0)
    tree.save(1, complete=False)
    index = tree.root / ".index.sqlite3"
    with closing(sqlite3.connect(index, isolation_level=None)) as other:
        for statement in held.split(";"):
            other.execute(statement).fetchone()
        assert tree.baselines(tree.save(1))["previous_run"] == ["run_0"]
    assert [damaged.path for damaged in tree.skipped] == [index]
    assert tree.skipped[0].reason == "the index is not used for this save: database is locked"

    tree.skipped.clear()
    assert tree.baselines(tree.save(2))["rolling_window_k"] == ["run_0", "run_1"]
    assert tree.skipped == []


def test_an_index_that_is_removed_again_and_again_costs_no_save(tree: Tree) -> None:
    """Also in the middle of a save, by somebody who does not ask who is using it."""
    index = tree.root / ".index.sqlite3"
    keys = [CohortKey("S", "CROSS_SECTIONAL", name) for name in "ab"]

    def save_all(key: CohortKey) -> None:
        for number in range(20):
            folder = tree.save(number, key=key)
            window = tree.baselines(folder)["rolling_window_k"]
            assert window == [f"run_{earlier}" for earlier in range(max(0, number - 10), number)]

    with ThreadPoolExecutor(len(keys)) as threads:
        saves = [threads.submit(save_all, key) for key in keys]
        while not all(save.done() for save in saves):
            index.unlink(missing_ok=True)
        for save in saves:
            save.result()


def test_an_index_that_lies_is_not_believed(tree: Tree) -> None:
    """Each row that is used is compared with its files."""
    tree.save(0)
    tree.save(1)
    tree.save(2, complete=False)
    with sqlite3.connect(tree.root / ".index.sqlite3") as connection:
        connection.execute("UPDATE cohorts SET complete = 1")
        connection.execute(
            "UPDATE cohorts SET ended_at = '2025-12-14T00:00:02.500Z' WHERE run_id = 'run_0'"
        )
    connection.close()
    assert tree.baselines(tree.save(3))["rolling_window_k"] == ["run_0", "run_1"]


def test_a_missing_index_is_made(tree: Tree) -> None:
    """A tree that somebody copied without its dot-files is a whole tree."""
    for number in range(3):
        tree.save(number)
    for path in tree.root.rglob(".*"):
        path.unlink()
    assert len(tree.baselines(tree.save(3))["rolling_window_k"]) == 3
    assert tree.skipped == []


def test_facts_of_another_cohort_are_not_taken_for_its_own(tree: Tree) -> None:
    """Files that were copied into the wrong folder are named, not compared with."""
    tree.save(0)
    other, folder = tree.save(1, figures={"auc": 0.1}), tree.save(2)
    shutil.copy(other / "telemetry_metrics.json", folder)
    assert tree.baselines(tree.save(3))["previous_run"] == ["run_1"]
    assert "of the run 'run_1'" in tree.skipped[0].reason


@pytest.mark.parametrize(
    "other",
    [
        CohortKey("S2", "SYMBOL_SPECIFIC", "t", "A"),
        CohortKey("S", "CROSS_SECTIONAL", "t"),
        CohortKey("S", "SYMBOL_SPECIFIC", "t2", "A"),
        CohortKey("S", "SYMBOL_SPECIFIC", "t", "B"),
    ],
    ids=["stage", "view", "target", "symbol"],
)
def test_metadata_of_another_cohort_are_not_taken_for_its_own(tree: Tree, other: CohortKey) -> None:
    """Each part of a key counts: the file is named, its run passed over, and not overwritten."""
    key = CohortKey("S", "SYMBOL_SPECIFIC", "t", "A")
    tree.save(0, key=key)
    folder = tree.save(1, key=key)
    shutil.copy(tree.save(1, key=other) / "metadata.json", folder)

    assert tree.baselines(tree.save(2, key=key))["rolling_window_k"] == ["run_0"]
    assert {damaged.path for damaged in tree.skipped} == {folder}
    assert {damaged.reason.split(" of ")[0] for damaged in tree.skipped} == {
        "metadata.json: is that"
    }
    with pytest.raises(CohortError, match="is the folder of the run 'run_1' of "):
        tree.save(1, key=key)


def test_one_cohort_never_overwrites_another(tree: Tree) -> None:
    """Where names differ in capitals alone, and the file system tells them not apart."""
    small = CohortKey("S", "CROSS_SECTIONAL", "t")
    large = CohortKey("S", "CROSS_SECTIONAL", "T")
    folder = tree.save(0, key=small)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    opened = tree.open()
    if not opened.folder(large).exists():  # as such a file system would have it
        opened.folder(large).symlink_to(opened.folder(small))

    with pytest.raises(CohortError, match="is the folder of the run 'run_0' of 'S', 'CROSS_SECT"):
        tree.save(0, key=large)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert tree.baselines(tree.save(1, key=large))["previous_run"] == []


def test_folders_of_others_in_the_tree(tree: Tree) -> None:
    """What is not ours is named where it could be meant, and never hinders."""
    folder = tree.save(0)
    foreign = [
        tree.root / "a stage",
        folder.parents[1] / "a target",
        folder.parent / "cohort=xy_run",
        folder.parent / "notes",
    ]
    for path in foreign:
        path.mkdir()
    (folder.parent / ".git").mkdir()
    (folder.parent / "readme.txt").write_text("hello")

    assert [cohort.run_id for cohort in tree.open().walk()] == ["run_0"]
    assert {damaged.path for damaged in tree.skipped} == set(foreign)
    assert tree.baselines(tree.save(1))["previous_run"] == ["run_0"]


def test_what_is_skipped_is_logged_unless_somebody_listens(
    tree: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    """A damaged file is never passed over in silence."""
    _garbage(tree.save(0) / "telemetry_metrics.json")
    opened = CohortTree(tree.root)
    with caplog.at_level(logging.WARNING, logger="otel_persona"):
        assert [opened.facts(cohort) for cohort in opened.walk()] == [None]
    assert "telemetry_metrics.json" in caplog.text
    assert read(tree.save(1) / "metadata.json")["run_id"] == "run_1"
