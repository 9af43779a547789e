"""``runs`` and ``mark-good``, and what the shell completes from a tree."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from otel_persona.cohorts import CohortTree, write_cohort_telemetry
from otel_persona.facts import CohortKey, Facts
from otel_persona.settings import Settings

Cli = Callable[..., CompletedProcess[str]]
Line = Callable[..., bytes]
Log = Callable[..., str]


def _runs(cli: Cli, root: str, *arguments: str) -> list[dict[str, Any]]:
    done = cli("runs", "--tree", root, *arguments, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    runs: list[dict[str, Any]] = json.loads(done.stdout)["runs"]
    return runs


def test_runs_are_listed_the_newest_first(cli: Cli, sliced_tree: str) -> None:
    """With when each ended by its own account, and what the tree has of it."""
    runs = _runs(cli, sliced_tree)
    assert [run["run_id"] for run in runs] == [f"slice_{number}" for number in range(5, 0, -1)]
    assert runs[0] == {
        "run_id": "slice_5",
        "ended_at": "2023-12-19T04:03:03.484Z",
        "stages": ["validation"],
        "views": ["CROSS_SECTIONAL", "SYMBOL_SPECIFIC"],
        "cohorts": 17,
        "complete": True,
        "valid_cohorts": 16,
        "marked_good": False,
    }
    rows = [row.split() for row in cli("runs", "--tree", sliced_tree).stdout.splitlines()]
    assert ["slice_5", runs[0]["ended_at"], "validation", "17", "yes", "16", "of"] in [
        row[:7] for row in rows
    ]


def test_a_part_of_the_tree_can_be_chosen(cli: Cli, sliced_tree: str) -> None:
    """A size has as many cohorts as it has providers, and one of all."""
    runs = _runs(cli, sliced_tree, "--target", "70b")
    assert {run["cohorts"] for run in runs} == {6}
    runs = _runs(cli, sliced_tree, "--target", "70b", "--symbol", "lepton")
    assert {(run["cohorts"], *run["views"]) for run in runs} == {(1, "SYMBOL_SPECIFIC")}


def test_a_run_that_has_drifted_is_not_good_by_itself(cli: Cli, collapsed_tree: str) -> None:
    """Its audit says so, cohort by cohort."""
    collapsed, first = _runs(cli, collapsed_tree)
    assert (collapsed["run_id"], collapsed["cohorts"], collapsed["valid_cohorts"]) == (
        "25K_2",
        2,
        0,
    )
    assert (first["run_id"], first["cohorts"], first["valid_cohorts"]) == ("25K_1", 2, 2)


def _collapsing(line: Line, run: int, moves: str) -> list[bytes]:
    return [
        line(
            run_id=f"25K_{run}",
            ts=f"2026-01-0{run}T00:00:00.000Z",
            persona_id=str(number),
            opening_move=moves[number % len(moves)],
        )
        for number in range(400)
    ]


def test_a_marked_run_is_what_later_ones_are_compared_with(
    cli: Cli, line: Line, log: Log, tmp_path: Path
) -> None:
    """Whatever its audit says; those that were saved before stay as they are."""
    root = str(tmp_path / "tree")
    runs = [*_collapsing(line, 1, "abcdef"), *_collapsing(line, 2, "a")]
    cli("rollup", log(*runs), "--tree", root)
    assert [run["valid_cohorts"] for run in _runs(cli, root)] == [0, 1]

    done = cli("mark-good", "25K_2", "--tree", root)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "25K_2 is marked good; runs saved from now on find it\n"
    assert [run["marked_good"] for run in _runs(cli, root)] == [True, False]
    assert " marked " in cli("runs", "--tree", root).stdout
    cli("rollup", log(*_collapsing(line, 3, "a")), "--tree", root)
    drift = json.loads(cli("drift", "--tree", root, "--format", "json").stdout)
    against = {row["baseline_name"]: row["baseline_run_ids"] for row in drift["figures"]}
    assert against["last_good_run"] == ["25K_2"]


def test_an_unknown_run_cannot_be_marked(cli: Cli, sliced_tree: str) -> None:
    """One sentence with the nearest; nothing is written."""
    done = cli("mark-good", "slice5", "--tree", sliced_tree)
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert "'slice5'; did you mean 'slice_5'?" in sentence
    assert not Path(sliced_tree, "good_runs.json").exists()


def test_damaged_cohorts_count_nowhere_and_are_named(
    cli: Cli, line: Line, log: Log, tmp_path: Path
) -> None:
    """The others are listed."""
    root = str(tmp_path / "tree")
    cli("rollup", log(line(symbol="nord"), line(symbol="sud")), "--tree", root)
    broken = next(Path(root).rglob("symbol=sud/cohort=*/metadata.json"))
    broken.write_text("[]")
    done = cli("runs", "--tree", root, "--format", "json")
    assert done.returncode == 0
    assert [run["cohorts"] for run in json.loads(done.stdout)["runs"]] == [2]
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"otel-persona: skipped {broken.parent}: metadata.json: ")


def _completed(cli: Cli, typed: str) -> list[str]:
    words = {
        "_OTEL_PERSONA_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(shlex.split(typed)) - (not typed.endswith(" "))),
    }
    done = cli(env=words)
    assert done.stderr == ""
    return [row.partition(",")[2] for row in done.stdout.splitlines() if row]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("drift --tree {root} --run slice_", [f"slice_{number}" for number in range(1, 6)]),
        ("drift --tree {root} --stage v", ["validation"]),
        ("trend --tree {root} --target 7", ["70b", "7b"]),
        ("runs --tree {root} --symbol an", ["anyscale"]),
        ("drift --tree {root} --view S", ["SYMBOL_SPECIFIC"]),
        ("drift --tree {root} --baseline la", ["last_good_run"]),
        ("mark-good --tree {root} slice_5", ["slice_5"]),
        ("drift --tree {root} --target x", []),
        ("drift --tree nowhere --target 7", []),
        ("mark", ["mark-good"]),
    ],
)
def test_names_in_the_tree_are_completed(
    typed: str, completed: list[str], cli: Cli, sliced_tree: str
) -> None:
    """Whatever was written there can be typed with a key; a tree that is missing has nothing."""
    typed = f"otel-persona {typed}".format(root=sliced_tree)
    assert _completed(cli, typed) == completed


@pytest.fixture
def unfinished_tree(tmp_path: Path) -> CohortTree:
    """Give a tree of two runs: one ended in one of its two cohorts, the other in none."""
    tree = CohortTree(tmp_path / "unfinished")
    for run_id, target, complete in (
        ("half", "a", True),
        ("half", "b", False),
        ("killed", "a", False),
    ):
        facts = Facts(
            key=CohortKey("B", "CROSS_SECTIONAL", target),
            run_id=run_id,
            ended_at=f"2026-01-0{1 + (run_id == 'killed')}T00:00:00.000Z",
            complete=complete,
            figures={"success_rate": 0.9},
        )
        write_cohort_telemetry(tree, facts, Settings())
    return tree


COMPLETED_BY = "once it has ended, `otel-persona rollup LOG` of its log completes it"


def test_a_run_that_is_complete_nowhere_cannot_be_marked(
    cli: Cli, unfinished_tree: CohortTree
) -> None:
    """It would be nobody's baseline; the sentence says what helps, and nothing is written."""
    done = cli("mark-good", "killed", "--tree", str(unfinished_tree.root))
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.endswith(f": no cohort of the run 'killed' is complete; {COMPLETED_BY}")
    assert not (unfinished_tree.root / "good_runs.json").exists()


def test_a_run_that_is_complete_in_part_is_marked(cli: Cli, unfinished_tree: CohortTree) -> None:
    """And how many of its cohorts are no baseline for all that is said."""
    done = cli("mark-good", "half", "--tree", str(unfinished_tree.root))
    assert done.returncode == 0
    assert done.stdout.startswith("half is marked good")
    assert done.stderr == (
        "otel-persona: 1 cohort of it cannot be a baseline, since the run had not ended there; "
        f"{COMPLETED_BY}\n"
    )
    assert list(json.loads((unfinished_tree.root / "good_runs.json").read_text())) == ["half"]


def test_what_completes_a_run_is_said(cli: Cli, unfinished_tree: CohortTree) -> None:
    """Where it is listed and where its drift is shown; the others are not named."""
    tree = ("--tree", str(unfinished_tree.root))
    said = [row for row in cli("runs", *tree).stdout.splitlines() if row.startswith("- ")]
    assert said == [f"- killed: {COMPLETED_BY}", f"- half: {COMPLETED_BY}"]
    assert (
        cli("drift", *tree)
        .stdout.splitlines()[0]
        .endswith(f" so far (it is not complete; {COMPLETED_BY})")
    )


def test_nothing_is_marked_where_sidecars_are_switched_off(
    cli: Cli, sliced_tree: str, tmp_path: Path
) -> None:
    """Switched off means that nothing is written, and the command says so."""
    settings = tmp_path / "persona.yaml"
    settings.write_text("safety: {telemetry: {enabled: false}}")
    env = {"OTEL_PERSONA_SETTINGS": str(settings)}
    done = cli("mark-good", "slice_5", "--tree", sliced_tree, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.endswith("safety.telemetry.enabled is false, so nothing is written")
    assert not Path(sliced_tree, "good_runs.json").exists()


def test_damaged_marks_are_named_with_what_helps(cli: Cli, unfinished_tree: CohortTree) -> None:
    """Whoever reads them says so: nothing but removing them brings the marks back."""
    marks = unfinished_tree.root / "good_runs.json"
    marks.write_text('{"half": 1}')
    for command in (("runs",), ("drift",), ("mark-good", "half")):
        done = cli(*command, "--tree", str(unfinished_tree.root))
        assert done.returncode == (2 if command[0] == "mark-good" else 0)
        (sentence,) = done.stderr.splitlines()
        assert f"{marks}: is damaged: " in sentence
        assert sentence.endswith("; remove it and mark the runs again")
    assert marks.read_text() == '{"half": 1}'
