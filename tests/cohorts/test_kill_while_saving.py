"""A save that is killed at any of its writes leaves old files or new ones, and the next repairs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from otel_persona.cohorts import CohortTree
from otel_persona.errors import CohortError
from tests.cohorts.trees import Tree

# One save after the other in a process of its own, which kills itself at its first write, the next
# at its second, until one comes through. Then the same cohort is saved once more.
KILLED = """
import json, os, signal, sys
from pathlib import Path
from tests.cohorts.trees import Tree, end_of
from otel_persona.facts import CohortState, cohort_figures
from otel_persona.records import record_from_entry
from otel_persona.settings import Settings
import pyarrow.parquet, sqlite3

KIND, ENTRY = sys.argv[2], json.loads(sys.argv[3])
tree = Tree(Path(sys.argv[1]))
EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.truncate", "sqlite3.connect", "fcntl.flock"}
left = [None]

def step(name):
    if left[0] is not None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

def hear(event, arguments):
    writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event in EVENTS:
        step(event)

fsync = os.fsync

def heard_fsync(descriptor):
    step("fsync")
    fsync(descriptor)

os.fsync = heard_fsync
sys.addaudithook(hear)

def facts(value):
    if KIND != "worker":
        return {"figures": {"value": value}}
    state = CohortState()
    for _ in range(value):
        state.add(record_from_entry(ENTRY))
    return {"state": state, "figures": dict(cohort_figures(state, Settings().prices))}

def save(number, value, worker="mine"):
    tree.save(number, worker=worker if KIND == "worker" else None, **facts(value))

def in_a_child(work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def killed_at(point, number):
    def work():
        left[0] = point
        save(number, 2)
    return in_a_child(work) == -signal.SIGKILL

def say(**facts):
    print(json.dumps(facts), flush=True)

point = 0
is_killed = True
while is_killed:
    point += 1
    if KIND == "again":
        in_a_child(lambda: save(point, 1))
    if KIND == "worker":
        in_a_child(lambda: save(point, 1, worker="other"))
    is_killed = killed_at(point, point)
    say(killed=is_killed, number=point)
    sys.stdin.readline()
    in_a_child(lambda: save(point, 2))
    say(number=point)
    sys.stdin.readline()
"""


def _assert_whole(tree: CohortTree) -> None:
    """Read all that is in the tree: what has its name is whole."""
    for path in tree.root.rglob("*"):
        if path.name.startswith((".unfinished-", ".lock", ".index")) or not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            assert content.startswith(b"PAR1"), path
            assert content.endswith(b"PAR1"), path
        else:
            assert content.endswith(b"}\n"), path
            msgspec.json.decode(content)
    for cohort in tree.walk():
        tree.read_facts(cohort)


@pytest.mark.parametrize("kind", ["new", "again", "worker"])
def test_a_save_killed_at_any_write(
    tree: Tree,
    start: Callable[..., subprocess.Popen[str]],
    make_entry: Callable[..., dict[str, Any]],
    kind: str,
) -> None:
    """A new cohort, one that is saved again, and a worker's part beside that of another."""
    program = start(KILLED, tree.root, kind, msgspec.json.encode(make_entry()).decode())
    assert program.stdout is not None
    assert program.stdin is not None
    kills = 0
    while line := program.stdout.readline():
        said = msgspec.json.decode(line)
        opened = tree.open()
        cohort = next((one for one in opened.walk() if one.run_id == f"run_{said['number']}"), None)
        _assert_whole(opened)
        if "killed" in said:
            kills += said["killed"]
            before = {"new": None, "again": 1, "worker": 1}[kind]
            after = {"new": 2, "again": 2, "worker": 3}[kind]
            assert _value(opened, cohort) in (before, after)
        else:
            assert _value(opened, cohort) == {"new": 2, "again": 2, "worker": 3}[kind]
            assert not list(cohort.folder.glob(".unfinished-*"))
        program.stdin.write("\n")
        program.stdin.flush()

    assert program.wait() == 0, program.stderr.read() if program.stderr else ""
    assert tree.skipped == []
    # Every file is opened, forced to the disk and replaced, and the folder forced at the end.
    assert kills > 3 * 7
    last = tree.save(kills + 2, figures={"value": 1})
    assert tree.baselines(last)["previous_run"] == [f"run_{kills + 1}"]
    assert len(tree.baselines(last)["rolling_window_k"]) == 10


def _value(tree: CohortTree, cohort: Any) -> Any:
    if cohort is None:
        return None
    figures = tree.read_facts(cohort).figures
    return figures.get("value", figures.get("n_attempts"))


def test_readers_beside_a_writer_see_whole_files_only(
    tree: Tree, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """While one cohort is saved over and over, whatever is read of it is old or new."""
    program = start(
        """
import sys
from pathlib import Path
from tests.cohorts.trees import Tree
tree = Tree(Path(sys.argv[1]))
for number in range(60):
    tree.save(0, figures={"value": number, "text": "ț" * 100_000 * (number % 2)})
""",
        tree.root,
    )
    rounds = 0
    while program.poll() is None:
        _assert_whole(tree.open())
        rounds += any(tree.root.glob("*/*/*/cohort=*"))
    assert program.returncode == 0
    assert rounds > 10


def test_what_a_failed_write_leaves(tree: Tree) -> None:
    """A disk that refuses is one clear error, and what was there before is whole."""
    folder = tree.save(0, figures={"value": 1})
    (folder / "telemetry_drift.json").unlink()
    (folder / "telemetry_drift.json").mkdir()  # no file can take its place
    before = (folder / "metadata.json").read_bytes()

    with pytest.raises(
        CohortError, match=r"cannot be written: Is a directory: .*telemetry_drift\.json"
    ):
        tree.save(0, figures={"value": 2})
    assert (folder / "metadata.json").read_bytes() == before
    assert not list(folder.glob(".unfinished-*"))
    assert tree.baselines(tree.save(1))["previous_run"] == ["run_0"]
