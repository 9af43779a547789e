"""``rollup``: finished runs become cohorts, drift, trends and rollups."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from otel_persona.analysis.log_cohorts import finished_runs
from otel_persona.cohorts import CohortTree, SubjectStates, write_cohort_telemetry
from otel_persona.cohorts.attempt_facts import facts_of_attempts
from otel_persona.facts import Fingerprints
from otel_persona.records import decode_line
from otel_persona.settings import Settings

Cli = Callable[..., CompletedProcess[str]]
Line = Callable[..., bytes]
Log = Callable[..., str]
FilesOf = Callable[[str], dict[str, Any]]
COHORTS = 17  # three sizes of model, and fourteen pairs of size and provider


@pytest.fixture
def root(tmp_path: Path) -> str:
    """Name a tree that is not there yet."""
    return str(tmp_path / "results" / "REPRODUCIBILITY")


def _rolled_up(cli: Cli, *arguments: str) -> dict[str, Any]:
    done = cli("rollup", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_each_run_finds_those_before_it(cli: Cli, sliced_log: str, root: str) -> None:
    """They are saved in the order of their ends, whatever their order in the log."""
    document = _rolled_up(cli, sliced_log, "--tree", root)
    assert list(document) == ["tree", "runs", "skipped", "refused", "damaged"]
    runs = document["runs"]
    assert [run["run_id"] for run in runs] == [f"slice_{number}" for number in range(1, 6)]
    assert {(run["attempts"], run["cohorts"]) for run in runs} == {(420, COHORTS)}
    ends = [run["ended_at"] for run in runs]
    assert ends == sorted(ends)
    for number in range(2, 6):
        folder = Path(root, "validation", "CROSS_SECTIONAL", "7b", f"cohort=cr_slice_{number}")
        drift = json.loads((folder / "telemetry_drift.json").read_text())
        assert drift["baselines"]["previous_run"]["run_ids"] == [f"slice_{number - 1}"]
    assert [len(document[problem]) for problem in ("skipped", "refused", "damaged")] == [0, 0, 0]


def test_twice_is_once(
    cli: Cli, sliced_log: str, sliced_tree: str, root: str, files_of: FilesOf
) -> None:
    """Saved again, the runs give the same files: a run is no baseline of itself."""
    for _ in range(2):
        _rolled_up(cli, sliced_log, "--tree", root)
        files = files_of(root)
        assert len(files) > 5 * COHORTS * 5
        assert files == files_of(sliced_tree)


def test_shards_in_any_order_give_the_same_tree(
    cli: Cli, log: Log, sliced_log: str, sliced_tree: str, root: str, files_of: FilesOf
) -> None:
    """Compressed or not, cut anywhere, the later part first."""
    lines = Path(sliced_log).read_bytes().splitlines(keepends=True)
    late = log(gzip.compress(b"".join(lines[1_111:])), name="late.log.gz")
    early = log(*reversed(lines[:1_111]), name="early.log")
    _rolled_up(cli, late, early, "--tree", root)
    assert files_of(root) == files_of(sliced_tree)


def test_runs_given_one_by_one_give_the_same_tree(
    cli: Cli, sliced_log: str, sliced_tree: str, root: str, files_of: FilesOf
) -> None:
    """A log for each run, or one for all: the tree remembers what came before."""
    for number in range(1, 6):
        document = _rolled_up(cli, sliced_log, "--run", f"slice_{number}", "--tree", root)
        assert [run["run_id"] for run in document["runs"]] == [f"slice_{number}"]
    assert files_of(root) == files_of(sliced_tree)


def test_the_tree_is_that_of_the_running_program(
    cli: Cli, tmp_path: Path, root: str, files_of: FilesOf
) -> None:
    """What a program wrote while it ran, its log gives again: all but where it ran."""
    program = """
import otel_persona as op
op.configure(run_id="25K_a", log="generation.log", sidecars="live")
for number in range(300):
    with op.attempt(stage="B", persona_id=str(number), symbol="nord" if number % 3 else None):
        op.current_attempt().record_opening_move("abc"[number % 3])
        op.current_attempt().record_score("pollyanna", number / 300)
op.shutdown()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=tmp_path, check=True)
    _rolled_up(cli, str(tmp_path / "generation.log"), "--tree", root)
    live, rolled_up = files_of(str(tmp_path / "live")), files_of(root)
    parts = [name for name in live if ".part-" in name]
    assert parts
    for name in parts:
        del live[name]
    for files in (live, rolled_up):
        for content in files.values():
            content.get("fingerprints", {}).pop("git_commit", None)
    assert rolled_up == live


def test_a_killed_run_is_completed_from_its_log(
    cli: Cli, line: Line, log: Log, root: str, files_of: FilesOf
) -> None:
    """Its log has more than its last checkpoint, whose parts are replaced."""
    lines = [line(persona_id=str(number)) for number in range(10)]
    settings = Settings()
    tree = CohortTree(root, settings.safety.telemetry)
    checkpoint = SubjectStates(settings)
    for written in lines[:4]:
        checkpoint.add(decode_line(written))
    for cohort, state in finished_runs(checkpoint, tree, pytest.fail)[0].cohorts.items():
        facts = facts_of_attempts(cohort, state, settings.prices, Fingerprints(), complete=False)
        write_cohort_telemetry(tree, facts, settings, worker="w")
    (before,) = json.loads(cli("runs", "--tree", root, "--format", "json").stdout)["runs"]
    assert before["complete"] is False

    _rolled_up(cli, log(*lines), "--tree", root)

    (after,) = json.loads(cli("runs", "--tree", root, "--format", "json").stdout)["runs"]
    assert after["complete"] is True
    assert not list(Path(root).rglob(".part-*"))
    (metrics,) = [content for name, content in files_of(root).items() if "/metrics" in name]
    assert metrics["n_attempts"] == 10


GOES_ON = """
import sys
import otel_persona as op
handle = op.configure(run_id="25K_a", log="generation.log", sidecars=sys.argv[1])
for half in range(2):
    for number in range(100):
        with op.attempt(stage="B", persona_id=f"{half}-{number}"):
            pass
    assert handle.force_flush()
    print("flushed", flush=True)
    sys.stdin.readline()
"""


def test_a_run_that_goes_on_is_left_to_its_workers(
    cli: Cli, line: Line, log: Log, tmp_path: Path, root: str
) -> None:
    """Saved now, its attempts would be counted twice; other runs are saved all the same."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", GOES_ON, root],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "flushed\n"
        (worker,) = Path(root).glob(".worker-*")
        logs = [str(tmp_path / "generation.log"), log(line(run_id="other"), name="other.log")]
        done = cli("rollup", *logs, "--tree", root, "--format", "json")
        assert done.returncode == 2
        assert done.stderr == (
            "otel-persona: not saved: 100 attempts: the run '25K_a' goes on, and is written by "
            f"the worker {worker.name.removeprefix('.worker-')}: roll it up when it has ended\n"
        )
        document = json.loads(done.stdout)
        assert [run["run_id"] for run in document["runs"]] == ["other"]
        assert [refused["attempts"] for refused in document["refused"]] == [100]
        program.communicate("go on\n\n")
    assert program.returncode == 0

    assert not list(Path(root).glob(".worker-*"))
    (document,) = _metadata(root, "cr_25K_a")
    assert (document["n_attempts"], document["complete"]) == (200, True)
    _rolled_up(cli, *logs, "--tree", root)
    assert [again["n_attempts"] for again in _metadata(root, "cr_25K_a")] == [200]


def test_a_worker_that_was_killed_is_in_nobodys_way(cli: Cli, tmp_path: Path, root: str) -> None:
    """Its part is replaced by what the log has, and the sign of its life is removed."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", GOES_ON, root],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "flushed\n"
        program.kill()
    assert list(Path(root).glob(".worker-*"))

    _rolled_up(cli, str(tmp_path / "generation.log"), "--tree", root)
    assert not list(Path(root).glob(".worker-*"))
    assert not list(Path(root).rglob(".part-*"))
    (document,) = _metadata(root, "cr_25K_a")
    assert (document["n_attempts"], document["complete"]) == (100, True)


def test_one_shard_does_not_take_the_place_of_all(
    cli: Cli, line: Line, log: Log, root: str
) -> None:
    """That cohort stays as it was, and is named; the rest of the log is saved."""
    shards = [
        log(*(line(persona_id=f"{name}-{number}") for number in range(4)), name=f"{name}.log")
        for name in "ab"
    ]
    _rolled_up(cli, *shards, "--tree", root)
    other = log(line(stage="C"), name="other.log")
    done = cli("rollup", shards[0], other, "--tree", root, "--format", "json")

    assert done.returncode == 2
    (folder,) = Path(root, "B").rglob("cohort=*")
    run_id = json.loads((folder / "metadata.json").read_text())["run_id"]
    assert done.stderr == (
        f"otel-persona: not saved: 4 attempts: {folder} has 8: give all logs of the run "
        f"{run_id!r} at once, or remove that folder\n"
    )
    assert json.loads(done.stdout)["runs"][0]["cohorts"] == 1
    assert [saved["n_attempts"] for saved in _metadata(root, folder.name.split("=")[1])] == [8, 1]
    assert cli("rollup", shards[0], "--tree", root).stdout == ""


def _metadata(root: str, cohort_id: str) -> list[dict[str, Any]]:
    """Read the metadata of a run's cohorts, stage by stage."""
    paths = sorted(Path(root).rglob(f"cohort={cohort_id}/metadata.json"))
    return [json.loads(path.read_text()) for path in paths]


def test_what_was_written_is_told(cli: Cli, sliced_log: str, root: str) -> None:
    """The runs, how many cohorts, the worst change of each, and where to look next."""
    done = cli("rollup", sliced_log, "--tree", root)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [row.split() for row in done.stdout.splitlines()]
    assert ["slice_5", "2023-12-19T04:03:03.484Z", "420", "17"] in [row[:4] for row in rows]
    assert "- slice_2: validation / 13b / lepton: the distribution of status is suspect of " in (
        done.stdout
    )
    assert done.stdout.endswith(f"otel-persona drift --tree {root}\n")


def test_the_worst_change_is_that_of_drift(cli: Cli, sliced_log: str, root: str) -> None:
    """Whoever reads one reads the other: what moved, numbers and baseline are the same."""
    newest = _rolled_up(cli, sliced_log, "--tree", root)["runs"][-1]["worst_change"]
    drift = json.loads(cli("drift", "--tree", root, "--format", "json").stdout)
    assert drift["distributions"][0] == newest


def test_bad_lines_are_named_and_the_rest_is_saved(
    cli: Cli, line: Line, log: Log, root: str
) -> None:
    """As by ``analyze``; with ``--strict`` nothing is written at all."""
    path = log(line(), b"bad\n", line(persona_id="2"))
    strict = cli("rollup", path, "--tree", root, "--strict")
    assert (strict.returncode, strict.stdout) == (2, "")
    assert strict.stderr.splitlines() == [
        f"otel-persona: skipped {path}:2: {strict.stderr.splitlines()[0].partition(':2: ')[2]}",
        "otel-persona: lines skipped: 1, and --strict forbids any",
    ]
    assert not Path(root).exists()
    done = cli("rollup", path, "--tree", root)
    assert done.returncode == 0
    assert f"skipped {path}:2: not JSON" in done.stderr
    assert _rolled_up(cli, path, "--tree", root)["skipped"][0]["line"] == 2


def test_names_that_no_path_can_hold_are_said(cli: Cli, line: Line, log: Log, root: str) -> None:
    """The attempt stays in the cohort that has a place."""
    path = log(line(symbol="x" * 300), line(symbol="../../etc", persona_id="2"))
    done = cli("rollup", path, "--tree", root, "--format", "json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    (refused,) = document["refused"]
    assert refused["attempts"] == 1
    assert "symbol" in refused["reason"]
    assert done.stderr == f"otel-persona: not in a cohort: 1 attempt: {refused['reason']}\n"
    assert document["runs"][0]["cohorts"] == 2
    assert {path.name for path in Path(root).parent.iterdir()} == {"REPRODUCIBILITY"}
    assert cli("drift", "--tree", root, "--symbol", "../../etc").returncode == 0


def test_settings_say_what_the_attempts_do_not(
    cli: Cli, line: Line, log: Log, root: str, tmp_path: Path
) -> None:
    """Target and symbol of all attempts; and that nothing is to be written."""
    path = log(line())
    settings = tmp_path / "persona.yaml"
    settings.write_text("target: biographies\nsymbol: nord\n")
    _rolled_up(cli, path, "--tree", root, "--settings", str(settings))
    assert Path(root, "B", "SYMBOL_SPECIFIC", "biographies", "symbol=nord").is_dir()
    settings.write_text("safety: {telemetry: {enabled: false}}\n")
    elsewhere = tmp_path / "elsewhere"
    done = cli("rollup", path, "--tree", str(elsewhere), "--settings", str(settings))
    assert (done.returncode, done.stdout) == (2, "")
    assert "safety.telemetry.enabled is false" in done.stderr
    assert not elsewhere.exists()


def test_an_unknown_run_is_one_sentence(cli: Cli, sliced_log: str, root: str) -> None:
    """It names the nearest, and nothing is written."""
    done = cli("rollup", sliced_log, "--run", "slice_51", "--tree", root)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "otel-persona: there is no attempt of the run 'slice_51'; did you mean 'slice_5'?\n"
    )
    assert not Path(root).exists()


def test_a_log_without_attempts_is_one_sentence(cli: Cli, log: Log, root: str) -> None:
    """As for the other commands that read logs."""
    done = cli("rollup", log(b"\n"), "--tree", root, "--run", "25K_a")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no valid attempt record in" in done.stderr


def test_a_place_whose_name_is_no_text_is_shown_all_the_same(
    cli: Cli, line: Line, log: Log, tmp_path: Path
) -> None:
    """Folders may be called anything; JSON and terminals carry text."""
    root = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    assert cli("rollup", log(line()), "--tree", root).returncode == 0
    for command in ("drift", "trend", "runs"):
        done = cli(command, "--tree", root, "--format", "json")
        assert json.loads(done.stdout)["tree"] == f"{tmp_path}/\ufffd"


def test_a_place_that_cannot_be_written_is_one_sentence(
    cli: Cli, line: Line, log: Log, tmp_path: Path
) -> None:
    """A file where a folder would have to be."""
    (tmp_path / "file").write_text("mine")
    done = cli("rollup", log(line()), "--tree", str(tmp_path / "file" / "tree"))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
