"""What commands say of a tree that is damaged, or is none, and of names that are not in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Cli = Callable[..., CompletedProcess[str]]
Line = Callable[..., bytes]
Log = Callable[..., str]


@pytest.fixture
def copied_tree(sliced_tree: str, tmp_path: Path) -> Path:
    """Give a copy of the tree of slices, to be damaged."""
    return Path(shutil.copytree(sliced_tree, tmp_path / "copy"))


def test_damaged_files_are_named_and_the_rest_is_shown(cli: Cli, copied_tree: Path) -> None:
    """With the file and the reason, on standard error, and in JSON."""
    broken = next(copied_tree.rglob("cohort=cr_slice_5/telemetry_drift.json"))
    broken.write_text("{")
    missing = next(copied_tree.rglob("cohort=sy_slice_5/telemetry_drift.json"))
    missing.unlink()
    done = cli("drift", "--tree", str(copied_tree), "--format", "json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["cohorts"] == 15
    assert {place["path"] for place in document["damaged"]} == {
        str(broken.parent),
        str(missing.parent),
    }
    first, second = sorted(done.stderr.splitlines())
    assert first.startswith(f"otel-persona: skipped {broken.parent}: telemetry_drift.json: is dam")
    assert second == f"otel-persona: skipped {missing.parent}: telemetry_drift.json: is missing"


def test_nothing_readable_is_an_error(cli: Cli, copied_tree: Path) -> None:
    """Silence would look like no drift."""
    for path in copied_tree.rglob("cohort=*_slice_5/telemetry_drift.json"):
        path.write_text('{"ended_at": 1}')
    done = cli("drift", "--tree", str(copied_tree))
    assert (done.returncode, done.stdout) == (2, "")
    assert "no cohort of the run 'slice_5' can be read" in done.stderr
    assert len([row for row in done.stderr.splitlines() if "skipped" in row]) == 17


@pytest.mark.parametrize("command", ["drift", "trend", "runs"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target", "70"), "no target is called '70'; did you mean '70b'?"),
        (("--stage", "valid"), "no stage is called 'valid'; did you mean 'validation'?"),
        (("--symbol", "leptons"), "no symbol is called 'leptons'; did you mean 'lepton'?"),
        (("--symbol", "x"), "known: 'anyscale', 'bedrock', "),
        (
            ("--view", "CROSS_SECTIONAL", "--symbol", "lepton"),
            "which holds all symbols together; each symbol is in SYMBOL_SPECIFIC",
        ),
    ],
)
def test_unknown_names_are_one_sentence(
    command: str, arguments: tuple[str, ...], said: str, cli: Cli, sliced_tree: str
) -> None:
    """With the nearest name that there is."""
    done = cli(command, "--tree", sliced_tree, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert said in sentence


@pytest.mark.parametrize("command", ["drift", "trend"])
def test_an_unknown_run_is_one_sentence(command: str, cli: Cli, sliced_tree: str) -> None:
    """With the nearest that there is."""
    done = cli(command, "--tree", sliced_tree, "--run", "slice5")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("no run is called 'slice5'; did you mean 'slice_5'?\n")


@pytest.mark.parametrize("command", ["drift", "trend", "runs"])
def test_a_tree_that_is_none_is_one_sentence(command: str, cli: Cli, tmp_path: Path) -> None:
    """A missing folder, a file, or a folder without cohorts."""
    (tmp_path / "file").write_text("mine")
    for place, said in (
        (tmp_path / "nowhere", "there is no such folder"),
        (tmp_path, "holds no cohort"),
        (tmp_path / "file", "is a file"),
    ):
        done = cli(command, "--tree", str(place))
        assert (done.returncode, done.stdout) == (2, "")
        (sentence,) = done.stderr.splitlines()
        assert said in sentence


@pytest.mark.parametrize(
    "words",
    [("drift",), ("drift", "--stage", "validation"), ("trend",), ("runs",), ("mark-good", "x")],
    ids=" ".join,
)
def test_the_tree_inside_a_folder_is_named(
    words: tuple[str, ...], cli: Cli, sliced_tree: str
) -> None:
    """Who gives the tracker's output folder learns which one in it is meant."""
    done = cli(*words, "--tree", str(Path(sliced_tree).parent))
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.endswith(f": holds no stages; did you mean {sliced_tree}?")


@pytest.mark.parametrize("command", ["drift", "trend", "runs", "rollup", "mark-good"])
def test_an_empty_path_is_no_tree(command: str, cli: Cli, line: Line, log: Log) -> None:
    """An unset variable in a script must not mean the working directory."""
    operand = {"rollup": [log(line())], "mark-good": ["25K_1"]}.get(command, [])
    before = sorted(Path().iterdir())
    done = cli(command, *operand, "--tree", "")
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert "the path is empty; give the folder of the sidecars" in sentence
    assert sorted(Path().iterdir()) == before
