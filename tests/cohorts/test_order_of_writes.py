"""What a power cut leaves: files reach the disk before they have their names, and folders too."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from otel_persona.cohorts import (
    generate_stage_rollup,
    generate_telemetry_rollups,
    generate_view_rollup,
    mark_good,
)
from otel_persona.cohorts.atomic_files import write_all
from otel_persona.cohorts.tree import CohortTree
from otel_persona.settings import Prices
from tests.cohorts.trees import KEY, Tree


class Call(NamedTuple):
    """A call of the system: its name, the inode it was about, and its path, which a sync lacks."""

    name: str
    inode: int
    path: Path | None = None
    is_locked: bool = False


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Give the calls that force to the disk, replace a file or make a folder, as they come."""
    made: list[Call] = []
    fsync, replace, mkdir = os.fsync, os.replace, os.mkdir

    def heard_fsync(descriptor: int) -> None:
        fsync(descriptor)
        made.append(Call("sync", os.fstat(descriptor).st_ino))

    def heard_replace(source: Path, target: Path) -> None:
        is_locked = _is_locked(Path(target).parent / ".lock")
        replace(source, target)
        made.append(Call("replace", os.stat(target).st_ino, Path(target), is_locked))

    def heard_mkdir(path: Path, *mode: Any) -> None:
        mkdir(path, *mode)
        made.append(Call("mkdir", os.stat(path).st_ino, Path(path)))

    monkeypatch.setattr(os, "fsync", heard_fsync)
    monkeypatch.setattr(os, "replace", heard_replace)
    monkeypatch.setattr(os, "mkdir", heard_mkdir)
    return made


def _is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_all_files_are_on_the_disk_before_the_first_appears(tree: Tree, calls: list[Call]) -> None:
    """Else a power cut could leave a new name with half of its content, or two ages of a cohort."""
    folder = tree.save(0)
    files = {path.stat().st_ino for path in folder.iterdir()}
    first = next(index for index, call in enumerate(calls) if call.name == "replace")
    assert {call.inode for call in calls[first:] if call.name == "replace"} == files
    assert {call.inode for call in calls[:first] if call.name == "sync"} >= files


def test_the_folder_is_on_the_disk_at_the_end(tree: Tree, calls: list[Call]) -> None:
    """Which files it has is content of its own."""
    folder = tree.save(0)
    last = max(index for index, call in enumerate(calls) if call.name == "replace")
    assert Call("sync", folder.stat().st_ino) in calls[last + 1 :]


def test_each_new_folder_is_on_the_disk_before_anything_is_in_it(
    tree: Tree, calls: list[Call]
) -> None:
    """A cohort that was forced to the disk is not lost with a folder above it."""
    folder = tree.save(0)
    made = [index for index, call in enumerate(calls) if call.name == "mkdir"]
    paths = [calls[index].path for index in made]
    assert paths == [*reversed(folder.parents[:4]), folder]
    for index, path in zip(made, paths, strict=True):
        assert path is not None
        assert calls[index + 1] == Call("sync", path.parent.stat().st_ino)


def test_a_write_that_fails_leaves_the_files_before_it(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """A disk that is full at the second file leaves the first one old, and nothing unfinished."""
    for name in ("first", "second"):
        (tmp_path / name).write_bytes(b"old")
    program = start(
        """
import resource, sys
from pathlib import Path
from otel_persona.cohorts.atomic_files import write_all
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
try:
    write_all(Path(sys.argv[1]), {"first": b"new", "second": b"new" * 1_000})
except OSError as error:
    print(error.strerror)
""",
        tmp_path,
    )
    assert program.communicate()[0] == "File too large\n"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "first": b"old",
        "second": b"old",
    }


def test_files_appear_in_their_order(tmp_path: Path, calls: list[Call]) -> None:
    """The one that makes a cohort exist is the last that is given."""
    write_all(tmp_path, {"b": b"1", "c": b"2", "a": b"3"})
    appeared = [call.path for call in calls if call.name == "replace"]
    assert appeared == [tmp_path / name for name in "bca"]


Rollup = Callable[[CohortTree], object]
_ROLLUPS: list[Rollup] = [
    lambda tree: generate_view_rollup(tree, KEY.stage, KEY.view, "run_0", Prices()),
    lambda tree: generate_stage_rollup(tree, KEY.stage, "run_0", Prices()),
    lambda tree: generate_telemetry_rollups(tree, KEY.stage, "run_0", Prices()),
]


@pytest.mark.parametrize("roll_up", _ROLLUPS, ids=["view", "stage", "telemetry"])
def test_a_rollup_is_written_under_the_lock_of_its_folder(
    tree: Tree, calls: list[Call], roll_up: Rollup
) -> None:
    """Two writers at once would leave the rows of one run beside the figures of another."""
    tree.save(0)
    calls.clear()
    roll_up(tree.open())
    written = [call for call in calls if call.name == "replace"]
    assert len(written) in (2, 4)
    assert all(call.is_locked for call in written)


def test_marks_are_written_under_the_lock_of_the_tree(tree: Tree, calls: list[Call]) -> None:
    """Else of two marks that are made at once one would be lost."""
    tree.save(0)
    calls.clear()
    mark_good(tree.open(), "run_0")
    assert [(call.path, call.is_locked) for call in calls if call.name == "replace"] == [
        (tree.root / "good_runs.json", True)
    ]
