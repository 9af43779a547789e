"""``demo --sidecars``: five runs of real requests become a tree that the commands look at."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def folder(run_command: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a short demo with sidecars; its output is in ``output.txt``."""
    folder = tmp_path_factory.mktemp("sidecars")
    done = run_command(folder, "demo", "--sidecars", "--attempts", "30")
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "output.txt").write_text(done.stdout)
    return folder


def _tree(folder: Path) -> Path:
    return folder / "otel-persona-demo" / "REPRODUCIBILITY"


def test_the_tree_stands_beside_the_log(folder: Path) -> None:
    """The log is the demo's own, and still the only file that looks like one."""
    logs = [path for path in folder.rglob("*") if path.suffix in (".log", ".jsonl")]
    assert logs == [folder / "otel-persona-demo" / "generation.log"]
    assert len(logs[0].read_text().splitlines()) == 30
    assert [path.name for path in _tree(folder).iterdir() if path.is_dir()] == ["validation"]


def test_the_tree_is_that_of_rollup(run_command: Any, folder: Path, tmp_path: Path) -> None:
    """Whoever has the requests as a log gets the same files, but for when they were written."""
    from otel_persona.demo.slices import sliced_attempts
    from otel_persona.records import encode_line

    (tmp_path / "slices.log").write_bytes(b"".join(map(encode_line, sliced_attempts())))
    assert run_command(tmp_path, "rollup", "slices.log").returncode == 0
    ours, theirs = _figures(_tree(folder)), _figures(tmp_path / "REPRODUCIBILITY")
    assert len(ours) == 5 * 17
    assert ours == theirs


def _figures(root: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(root)): json.loads(path.read_text())
        for path in root.rglob("metrics.json")
    }


def test_the_commands_that_it_names_next_run(run_command: Any, folder: Path) -> None:
    """They read the tree, and say what the demo says of it."""
    output = (folder / "output.txt").read_text()
    commands = re.findall(r"^otel-persona (.* --tree .*)$", output, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["drift", "trend", "runs"]
    for command in commands:
        done = run_command(folder, *command.split())
        assert (done.returncode, done.stderr) == (0, "")
    shown = run_command(folder, *commands[0].split()).stdout
    said = output.partition("What the sidecars show")[2].partition("\n\n")[0]
    changes = [row for row in said.splitlines() if "(all)" in row]
    assert len(changes) == 3
    assert all(change in shown for change in changes)


def test_what_is_real_and_what_is_made_up_is_said(folder: Path) -> None:
    """The requests are; that they are runs, and when they were, is not."""
    output = (folder / "output.txt").read_text()
    assert "written by what otel-persona rollup does" in output
    assert "The sidecars hold requests of LLMPerf leaderboard alone (Apache-2.0)" in output
    assert "stand for runs" in output
    assert "their moments are made up" in output
    assert "which so few attempts cross by chance" in output


def test_a_second_demo_leaves_the_same_tree(run_command: Any, folder: Path) -> None:
    """Its own tree it may write again."""
    before = _figures(_tree(folder))
    done = run_command(folder, "demo", "--sidecars", "--attempts", "5")
    assert done.returncode == 0
    assert _figures(_tree(folder)) == before


def test_a_tree_of_others_stays_as_it_is(run_command: Any, tmp_path: Path) -> None:
    """One sentence, before anything is written."""
    log = tmp_path / "mine.log"
    run_command(tmp_path, "demo", "--attempts", "5", "--out", "made")
    log.write_bytes((tmp_path / "made" / "generation.log").read_bytes())
    run_command(tmp_path, "rollup", "mine.log", "--tree", "here/REPRODUCIBILITY")
    before = sorted(path for path in tmp_path.rglob("*"))
    done = run_command(tmp_path, "demo", "--sidecars", "--attempts", "5", "--out", "here")
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert "is not the tree of an earlier demo, so it stays as it is" in sentence
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_a_file_in_the_place_of_the_tree_is_refused(run_command: Any, tmp_path: Path) -> None:
    """One sentence and exit code 2."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "REPRODUCIBILITY").write_text("mine")
    done = run_command(tmp_path, "demo", "--sidecars", "--attempts", "5", "--out", "here")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not a folder" in done.stderr


def test_the_environments_tree_gets_nothing(run_command: Any, tmp_path: Path) -> None:
    """Who writes sidecars of their own finds none of the demo's among them."""
    (tmp_path / "persona.yaml").write_text("safety: {metrics: {enabled: true}, telemetry: {}}\n")
    done = run_command(
        tmp_path,
        "demo",
        "--attempts",
        "5",
        OTEL_PERSONA_SIDECARS="mine",
        OTEL_PERSONA_SETTINGS="persona.yaml",
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"otel-persona-demo", "persona.yaml"}
