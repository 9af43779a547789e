"""Several writers in one tree at once: runs, workers of a run, and threads lose nothing."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import otel_persona as op
from otel_persona.cohorts import generate_telemetry_rollups
from otel_persona.cohorts.locks import LOCK_FILE, folder_lock
from otel_persona.errors import CohortError
from otel_persona.facts import CohortState, cohort_figures
from otel_persona.settings import SidecarSettings
from tests.cohorts.trees import KEY, Tree, read, settings_with

RUNS = """
import sys
from pathlib import Path
from tests.cohorts.trees import Tree
tree = Tree(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    tree.save(number, sidecars={"lock": sys.argv[4] == "True"})
"""
WORKERS = """
import json, sys
from pathlib import Path
from tests.cohorts.trees import Tree
from otel_persona.facts import CohortState, cohort_figures
from otel_persona.records import record_from_entry
from otel_persona.settings import Settings
tree, worker, entry = Tree(Path(sys.argv[1])), sys.argv[2], json.loads(sys.argv[3])
state = CohortState()
sys.stdin.readline()
for number in range(20):
    for _ in range(10):
        state.add(record_from_entry({**entry, "persona_id": f"{worker}-{number}"}))
    figures = dict(cohort_figures(state, Settings().prices))
    tree.save(0, state=state, figures=figures, worker=worker, complete=number == 19)
"""


def _finish(*programs: subprocess.Popen[str]) -> None:
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    for program in programs:
        _, errors = program.communicate(timeout=120)
        assert program.returncode == 0, errors


@pytest.mark.parametrize("lock", [True, False])
def test_two_runs_at_once(
    tree: Tree, start: Callable[..., subprocess.Popen[str]], lock: bool
) -> None:
    """Each cohort of both is whole, and all are found afterwards, with locks and without."""
    _finish(*(start(RUNS, tree.root, first, first + 25, lock) for first in (0, 25)))

    window = {"lock": lock, "baselines": {"rolling_window_k": 100}}
    folder = tree.save(50, sidecars=window)
    assert tree.baselines(folder)["rolling_window_k"] == [f"run_{number}" for number in range(50)]
    assert tree.skipped == []


def test_two_workers_of_one_run(
    tree: Tree,
    start: Callable[..., subprocess.Popen[str]],
    make_entry: Callable[..., dict[str, Any]],
) -> None:
    """The cohort is the merge of their parts, and complete when all of them are."""
    entry = json.dumps(make_entry())
    _finish(*(start(WORKERS, tree.root, worker, entry) for worker in ("a", "b/c")))

    cohort = next(tree.open().walk())
    facts = tree.open().read_facts(cohort)
    assert facts.complete
    assert facts.state is not None
    assert facts.state.attempts == facts.figures["n_attempts"] == 400
    assert facts.figures["n_personas"] == 40
    assert sorted(path.name for path in cohort.folder.glob(".part-*")) == [
        ".part-a.json",
        ".part-b%2Fc.json",
    ]


def test_a_worker_that_was_killed_leaves_the_run_incomplete(
    tree: Tree, attempts: Callable[..., dict[str, Any]]
) -> None:
    """Its last part is in the figures; the run is not complete until it is saved as a whole."""
    tree.save(0, worker="killed", complete=False, **attempts(100))
    folder = tree.save(0, worker="other", complete=True, **attempts(200, 300))
    assert read(folder / "metadata.json")["complete"] is False
    assert read(folder / "metrics.json")["mean_latency_ms"] == 200

    whole = attempts(100, 200, 300, 400)
    tree.save(0, **whole)
    assert read(folder / "metadata.json")["complete"] is True
    assert read(folder / "metrics.json")["n_attempts"] == 4
    assert not list(folder.glob(".part-*"))


def test_a_run_that_goes_on_after_it_was_saved_as_a_whole(
    tree: Tree, attempts: Callable[..., dict[str, Any]]
) -> None:
    """What was saved stays in it: the new worker's attempts are added."""
    tree.save(0, **attempts(100, 100))
    for latencies in ((400,), (400, 400)):
        folder = tree.save(0, worker="new", **attempts(*latencies))
    assert read(folder / "metrics.json")["n_attempts"] == 4
    assert read(folder / "metrics.json")["mean_latency_ms"] == 250


def test_parts_give_the_same_figures_as_the_whole(
    tree: Tree, state_of: Callable[..., CohortState], tmp_path: Path
) -> None:
    """Byte for byte, with more names than a sidecar keeps."""
    folded = [
        state_of(10, 20, anchors_used=[f"anchor {number}" for number in range(5_000)]),
        state_of(30, anchors_used=[f"anchor {number}" for number in range(4_000, 9_000)]),
    ]
    together = CohortState()
    for number, state in enumerate(folded):
        together.merge(state)
        figures = dict(cohort_figures(state, op.Settings().prices))
        parted = tree.save(0, worker=str(number), state=state, figures=figures)
    figures = dict(cohort_figures(together, op.Settings().prices))
    whole = Tree(tmp_path / "whole").save(0, state=together, figures=figures)

    assert (parted / "metrics.json").read_bytes() == (whole / "metrics.json").read_bytes()
    here, there = (read(folder / "telemetry_metrics.json") for folder in (parted, whole))
    assert here.pop("timestamp")
    assert there.pop("timestamp")
    here["fingerprints"].pop("data_hash")  # the merge has that of all parts
    there["fingerprints"].pop("data_hash")
    assert here == there


def test_a_damaged_part_is_named_and_left_out(
    tree: Tree, attempts: Callable[..., dict[str, Any]]
) -> None:
    """The other workers' attempts go on being saved."""
    folder = tree.save(0, worker="one", **attempts(100))
    (folder / ".part-one.json").write_bytes(b"{")
    folder = tree.save(0, worker="two", **attempts(100, 100))

    assert read(folder / "metrics.json")["n_attempts"] == 2
    assert [damaged.path.name for damaged in tree.skipped] == [".part-one.json"]


def test_threads_of_one_program(tree: Tree) -> None:
    """A lock of the operating system keeps them apart as well."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(tree.save, range(24)))
    window = {"baselines": {"rolling_window_k": 100}}
    assert len(tree.baselines(tree.save(24, sidecars=window))["rolling_window_k"]) == 24


def test_a_lock_that_is_not_let_go(tree: Tree, tmp_path: Path) -> None:
    """The tracker says so in one clear error after ``lock_timeout_s``; nothing was written."""
    tracker = op.ReproducibilityTracker(tmp_path, settings_with(lock_timeout_s=0.05))
    save = {
        "stage": KEY.stage,
        "view": KEY.view,
        "target": KEY.target,
        "metrics": {"auc": 0.7},
    }
    with folder_lock(tree.open().folder(KEY), SidecarSettings()):
        with pytest.raises(CohortError) as caught:
            tracker.save_to_cohort(run_id="run_0", **save)
        without = op.ReproducibilityTracker(tmp_path, settings_with(lock=False))
        assert without.save_to_cohort(run_id="run_1", **save)
    assert str(caught.value) == (
        f"{tree.open().folder(KEY) / LOCK_FILE}: another writer holds this lock, "
        "and did not let go within 0.05 s"
    )
    assert [cohort.run_id for cohort in tree.open().walk()] == ["run_1"]
    assert tracker.save_to_cohort(run_id="run_0", **save)


def test_without_locks_there_is_no_index_either(tree: Tree) -> None:
    """SQLite locks its file, too, which cannot be done there; baselines are found anyway."""
    for number in range(3):
        folder = tree.save(number, sidecars={"lock": False})
    assert tree.baselines(folder)["rolling_window_k"] == ["run_0", "run_1"]
    assert [path.name for path in tree.root.iterdir()] == [KEY.stage]


@pytest.mark.parametrize("lock", [True, False])
def test_unfinished_files_are_removed_by_who_is_alone(tree: Tree, lock: bool) -> None:
    """Without a lock another writer may be at them, and would lose its save."""
    cohort = tree.save(0)
    view = tree.open().view_folder(KEY.stage, KEY.view)
    unfinished = [folder / ".unfinished-0123456789abcdef" for folder in (cohort, view, view.parent)]
    for path in unfinished:
        path.write_bytes(b"half")
    tree.save(0, sidecars={"lock": lock})
    generate_telemetry_rollups(tree.open(lock=lock), KEY.stage, "run_0", op.Settings().prices)
    assert {path.exists() for path in unfinished} == {not lock}


def test_a_lock_is_waited_for_no_longer_than_is_said(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that only the waiting moves, so that no machine is too slow for this test."""
    clock = [100.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    made = SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep)
    monkeypatch.setattr("otel_persona.cohorts.locks.time", made)
    with (
        folder_lock(tree.open().folder(KEY), SidecarSettings()),
        pytest.raises(CohortError, match="did not let go within 2 s"),
    ):
        tree.save(0, sidecars={"lock_timeout_s": 2})
    assert 102 <= clock[0] < 102.1


def test_a_lock_ends_with_its_holder(
    tree: Tree, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """A writer that was killed while it held the lock keeps nobody out."""
    program = start(
        """
import sys
from pathlib import Path
from otel_persona.cohorts.locks import folder_lock
from otel_persona.settings import SidecarSettings
with folder_lock(Path(sys.argv[1]), SidecarSettings()):
    print("held", flush=True)
    sys.stdin.readline()
""",
        tree.open().folder(KEY),
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "held\n"
    with pytest.raises(CohortError, match="another writer holds this lock"):
        tree.save(0, sidecars={"lock_timeout_s": 0})
    program.kill()
    program.wait()
    tree.save(0)


def test_a_child_that_was_forked_meanwhile_does_not_keep_the_lock(
    tree: Tree, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """It has the lock's file open, too; letting go is said, and holds for both."""
    program = start(
        """
import os, sys
from pathlib import Path
from otel_persona.cohorts.locks import folder_lock
from otel_persona.settings import SidecarSettings
with folder_lock(Path(sys.argv[1]), SidecarSettings()):
    child = os.fork()
    if child == 0:
        sys.stdin.readline()
        os._exit(0)
print("let go", flush=True)
os.waitpid(child, 0)
""",
        tree.open().folder(KEY),
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "let go\n"
    tree.save(0, sidecars={"lock_timeout_s": 0})
    assert program.poll() is None
    program.communicate("go\n")
    assert program.returncode == 0


def test_a_child_does_not_keep_the_lock_of_a_parent_that_was_killed(
    tree: Tree, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """Nobody lets go of it then, and the child may live for long."""
    program = start(
        """
import os, sys
from pathlib import Path
from otel_persona.cohorts.locks import folder_lock
from otel_persona.settings import SidecarSettings
with folder_lock(Path(sys.argv[1]), SidecarSettings()):
    if os.fork() == 0:
        print("forked", flush=True)
    sys.stdin.readline()
os._exit(0)
""",
        tree.open().folder(KEY),
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "forked\n"
    program.kill()
    program.wait()
    tree.save(0, sidecars={"lock_timeout_s": 0})


def test_a_lock_whose_file_was_removed_keeps_nobody_out_by_mistake(tree: Tree) -> None:
    """Whoever waited for the old file takes the new one, so that two never hold one folder."""
    folder = tree.open().folder(KEY)
    holders: list[int] = []
    most: list[int] = []

    def hold(_: int) -> None:
        with folder_lock(folder, SidecarSettings()):
            holders.append(threading.get_ident())
            most.append(len(holders))
            holders.pop()
            (folder / LOCK_FILE).unlink()  # from here on, another may have a new one

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(hold, range(64)))
    assert max(most) == 1


def test_runs_of_one_moment_from_many_threads_find_all_baselines(tree: Tree) -> None:
    """What one thread has saved, the next one finds, however quickly one follows the other."""
    for number in range(30):
        with ThreadPoolExecutor(2) as threads:
            folders = list(threads.map(tree.save, (2 * number, 2 * number + 1)))
    assert tree.baselines(tree.save(60))["rolling_window_k"] == [
        f"run_{number}" for number in range(50, 60)
    ]
    assert all(folder.exists() for folder in folders)
