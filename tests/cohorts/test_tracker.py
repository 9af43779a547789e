"""The sidecars by hand: the specification's own examples, namings, prints and settings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import otel_persona as op
from tests.cohorts.trees import RUN, STAGE, TARGET, Tree, end_of, read, settings_with

SIDECARS = [
    "audit_report.json",
    "metadata.json",
    "metrics.json",
    "telemetry_drift.json",
    "telemetry_drift.parquet",
    "telemetry_metrics.json",
    "telemetry_metrics.parquet",
]


def test_a_relative_folder_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program may change its working directory between two runs of one tracker."""
    folders = [tmp_path / name for name in ("here", "there")]
    for folder in folders:
        folder.mkdir()
    monkeypatch.chdir(folders[0])
    tracker = op.ReproducibilityTracker("out", op.Settings())
    for number, folder in enumerate(folders):
        monkeypatch.chdir(folder)
        saved = tracker.save_to_cohort(
            stage=STAGE,
            view="CROSS_SECTIONAL",
            target=TARGET,
            run_id=f"run_{number}",
            metrics={"auc": 0.7},
            ended_at=end_of(number),
        )
    assert saved is not None
    assert saved.is_relative_to(folders[0] / "out")
    assert Tree(folders[0]).baselines(saved)["previous_run"] == ["run_0"]
    assert list(folders[1].iterdir()) == []


def test_the_trees_of_the_specification(tree: Tree, tmp_path: Path) -> None:
    """Its usage example makes exactly the files that it shows, beside a parquet of each."""
    tracker = op.ReproducibilityTracker(output_dir=tmp_path, settings=op.Settings())
    save = {"stage": STAGE, "target": TARGET, "run_id": RUN, "metrics": {"auc": 0.7}}
    tracker.save_to_cohort(view="CROSS_SECTIONAL", **save)
    tracker.save_to_cohort(view="SYMBOL_SPECIFIC", symbol="AAPL", **save)
    tracker.generate_telemetry_rollups(stage=STAGE, run_id=RUN)

    cross = f"{STAGE}/CROSS_SECTIONAL/{TARGET}/cohort=cr_{RUN}"
    symbol = f"{STAGE}/SYMBOL_SPECIFIC/{TARGET}/symbol=AAPL/cohort=sy_{RUN}"
    rollups = [STAGE, f"{STAGE}/CROSS_SECTIONAL", f"{STAGE}/SYMBOL_SPECIFIC"]
    assert tree.files() == {
        *(f"{folder}/{name}" for folder in (cross, symbol) for name in SIDECARS),
        *(f"{folder}/telemetry_rollup.{end}" for folder in rollups for end in ("json", "parquet")),
    }


def test_the_fifth_run_has_a_trend(tree: Tree, save: Callable[..., Path]) -> None:
    """There is no trend before as many runs as the settings ask for, and one from then on."""
    folders = [
        save(run_id=f"run_{number}", ended_at=end_of(number), metrics={"auc": 0.7 + number / 100})
        for number in range(6)
    ]

    has_trend = [(folder / "telemetry_trend.json").exists() for folder in folders]
    assert has_trend == [False] * 4 + [True] * 2
    trend = read(folders[-1] / "telemetry_trend.json")
    assert trend["runs"] == [f"run_{number}" for number in range(6)]
    assert trend["figures"]["auc"]["slope_per_run"] == pytest.approx(0.01)


def test_the_other_naming(tree: Tree, save: Callable[..., Path]) -> None:
    """With ``naming: metrics`` the facts are inside metrics.json, and all else is renamed."""
    metrics = settings_with(naming="metrics")
    for number in range(5):
        folder = save(metrics, run_id=f"run_{number}", ended_at=end_of(number))

    assert sorted(path.name for path in folder.iterdir()) == [
        "audit_report.json",
        "metadata.json",
        "metrics.json",
        "metrics.parquet",
        "metrics_drift.json",
        "metrics_drift.parquet",
        "metrics_trend.json",
    ]
    inside = read(folder / "metrics.json")
    assert inside["auc"] == inside["facts"]["metrics"]["auc"] == 0.7


@pytest.mark.parametrize("last", ["telemetry", "metrics"])
def test_both_namings_side_by_side(tree: Tree, save: Callable[..., Path], last: Any) -> None:
    """A run finds its baselines whatever they are named after; one saved anew has one naming."""
    first: Any = "metrics" if last == "telemetry" else "telemetry"
    save(settings_with(naming=first), run_id="run_0", ended_at=end_of(0))
    save(settings_with(naming=first), run_id="run_1", ended_at=end_of(1))
    folder = save(settings_with(naming=last), run_id="run_1", ended_at=end_of(1))

    assert not {path.name for path in folder.iterdir()} & {
        f"{first}_drift.json",
        f"{first}_drift.parquet",
        f"{first}.parquet",
    }
    drift = read(folder / f"{last}_drift.json")
    assert drift["baselines"]["previous_run"]["run_ids"] == ["run_0"]
    assert [cohort.run_id for cohort in tree.open().walk()] == ["run_0", "run_1"]
    assert all(tree.open().facts(cohort) for cohort in tree.open().walk())
    assert tree.skipped == []


def test_nothing_at_all_is_written_when_it_is_not_enabled(tmp_path: Path) -> None:
    """``enabled: false`` makes no folder either, whatever is called."""
    tracker = op.ReproducibilityTracker(tmp_path / "results", settings_with(enabled=False))
    folder = tracker.save_to_cohort(
        stage=STAGE, view="CROSS_SECTIONAL", target=TARGET, run_id=RUN, metrics={"auc": 0.7}
    )
    tracker.generate_telemetry_rollups(stage=STAGE, run_id=RUN)
    tracker.generate_view_rollup(stage=STAGE, view="CROSS_SECTIONAL", run_id=RUN)
    tracker.generate_stage_rollup(stage=STAGE, run_id=RUN)
    tracker.mark_good(RUN)

    assert folder is None
    assert list(tmp_path.iterdir()) == []


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """But for the one field that says when a file was written, wherever and in what order."""

    def saved(name: str, *, backwards: bool) -> dict[str, bytes]:
        tracker = op.ReproducibilityTracker(tmp_path / name, op.Settings())
        for number in range(6):
            figures = [("auc", 0.7 + number / 100), ("scheme", "ț"), ("n", number)]
            folder = tracker.save_to_cohort(
                stage=STAGE,
                view="CROSS_SECTIONAL",
                target=TARGET,
                run_id=f"run_{number}",
                metrics=dict(reversed(figures) if backwards else figures),
                metadata={"b": 1, "a": 2},
                ended_at=end_of(number),
            )
        assert folder is not None
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    one, other = saved("one", backwards=False), saved("other", backwards=True)
    assert one.keys() == other.keys()
    for name in one:
        written = (b'"created_at": ', b'"timestamp": ')
        here = [line for line in one[name].split(b"\n") if not line.strip().startswith(written)]
        there = [line for line in other[name].split(b"\n") if not line.strip().startswith(written)]
        assert here == there, name
        if name.endswith(".json") and name not in {"metrics.json", "audit_report.json"}:
            assert len(here) == one[name].count(b"\n")


def test_where_it_was_made_is_known(tmp_path: Path) -> None:
    """The commit that the working directory has checked out is one of the fingerprints."""
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.invalid"]
    program = """
import sys, otel_persona as op
tracker = op.ReproducibilityTracker(sys.argv[1])
print(tracker.save_to_cohort(
    stage="S", view="CROSS_SECTIONAL", target="t", run_id="r", metrics={"auc": 0.7}
))
"""

    def commit_of(folder: Path, results: str) -> str | None:
        told = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / results)],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        prints = read(Path(told.stdout.strip()) / "metadata.json")["fingerprints"]
        return str(prints["git_commit"]) if prints["git_commit"] else None

    def run(*arguments: str, folder: Path) -> str:
        done = subprocess.run(
            [*git, *arguments], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    project = tmp_path / "project"
    (project / "inner").mkdir(parents=True)
    assert commit_of(tmp_path, "outside") is None
    run("init", folder=project)
    assert commit_of(project, "no commit") is None
    run("commit", "--allow-empty", "-m", "one", folder=project)
    commit = run("rev-parse", "HEAD", folder=project)
    assert commit_of(project / "inner", "inner") == commit
    run("worktree", "add", str(tmp_path / "worktree"), folder=project)
    assert commit_of(tmp_path / "worktree", "worktree") == commit
    run("pack-refs", "--all", folder=project)
    assert commit_of(project, "packed") == commit
    run("checkout", "--detach", folder=project)
    assert commit_of(project, "detached") == commit


def test_a_working_directory_that_is_gone(tmp_path: Path) -> None:
    """It is nobody's repository, and what has an absolute path is saved all the same."""
    program = """
import os, sys
import pyarrow  # Python 3.13 cannot import it in a folder that is gone
import otel_persona as op
os.rmdir(os.getcwd())
op.ReproducibilityTracker(sys.argv[1]).save_to_cohort(
    stage="S", view="CROSS_SECTIONAL", target="t", run_id="r", metrics={"auc": 0.7}
)
handle = op.configure(
    run_id="r", sidecars=sys.argv[1] + "/live", log=sys.argv[1] + "/generation.log"
)
with op.attempt(stage="B", persona_id="p"):
    pass
assert handle.shutdown()
"""
    gone = tmp_path / "gone"
    gone.mkdir()
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=gone, check=True)
    metadata = [read(path) for path in tmp_path.rglob("metadata.json")]
    assert {each["stage"] for each in metadata} == {"S", "B"}
    assert {each["fingerprints"]["git_commit"] for each in metadata} == {None}


def test_the_settings_are_those_of_the_file_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program need not hand them over; wrong ones are told at once."""
    settings = tmp_path / "settings.yaml"
    settings.write_text("safety: {telemetry: {enabled: false}}")
    monkeypatch.setenv("OTEL_PERSONA_SETTINGS", str(settings))
    save = {"stage": "S", "view": "CROSS_SECTIONAL", "target": "t", "run_id": "r"}
    assert op.ReproducibilityTracker(tmp_path).save_to_cohort(metrics={"auc": 1}, **save) is None

    settings.write_text("safety: {telemetry: {naming: teletext}}")
    with pytest.raises(op.SettingsError, match="teletext"):
        op.ReproducibilityTracker(tmp_path)
    wrong: Any = "telemetry"
    with pytest.raises(op.UsageError, match="ReproducibilityTracker: settings must be"):
        op.ReproducibilityTracker(tmp_path, wrong)


def test_saving_needs_no_sdk_and_importing_no_arrays() -> None:
    """``import otel_persona`` stays light, and the tracker starts no telemetry."""
    program = """
import sys, tempfile
import otel_persona as op
heavy = {"numpy", "pyarrow", "sqlite3", "opentelemetry.sdk"}
assert not heavy & sys.modules.keys()
op.ReproducibilityTracker
assert not {"numpy", "pyarrow", "opentelemetry.sdk"} & sys.modules.keys()
op.ReproducibilityTracker(tempfile.mkdtemp()).save_to_cohort(
    stage="S", view="CROSS_SECTIONAL", target="t", run_id="r", metrics={"auc": 0.7}
)
assert "opentelemetry.sdk" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
