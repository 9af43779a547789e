"""The sidecars by hand: the specification's own examples, and what figures may be."""

from __future__ import annotations

import enum
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import otel_persona as op
from tests.cohorts.trees import Tree, end_of, read, settings_with

STAGE = "TARGET_RANKING"
TARGET = "y_will_swing_high_60m_0.05"
HUGE = 10**308
RUN = "2025-12-14_12-00-00"
SIDECARS = [
    "audit_report.json",
    "metadata.json",
    "metrics.json",
    "telemetry_drift.json",
    "telemetry_drift.parquet",
    "telemetry_metrics.json",
    "telemetry_metrics.parquet",
]


class _Tensor:
    """A tensor as those of other libraries are, where it has no single value."""

    def item(self) -> float:
        raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")


class _Scheme(str, enum.Enum):  # noqa: UP042 - str() of a StrEnum would be its text
    PURGED = "purged"


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that saves one cohort with a tracker; its settings may be given."""

    def save_one(settings: op.Settings | None = None, **values: Any) -> Path:
        tracker = op.ReproducibilityTracker(tmp_path, settings or op.Settings())
        plain = {
            "stage": STAGE,
            "view": "CROSS_SECTIONAL",
            "target": TARGET,
            "run_id": RUN,
            "metrics": {"auc": 0.7},
        }
        folder = tracker.save_to_cohort(**{**plain, **values})
        assert folder is not None
        return folder

    return save_one


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


def test_figures_stay_what_they_are(tree: Tree, save: Callable[..., Path]) -> None:
    """Ints stay ints, bools bools; texts and null are kept, and what JSON has not is a text."""
    folder = save(
        metrics={
            "auc": 0.75,
            "n": 5,
            "large": 2**70,
            "ok": True,
            "off": False,
            "zero": 0,
            "scheme": "purged ț",
            "enum": _Scheme.PURGED,
            "nothing": None,
            "nan": float("nan"),
            "inf": float("-inf"),
            "numpy int": np.int64(3),
            "numpy bool": np.bool_(True),
            "numpy float": np.float32(0.5),
        }
    )

    assert (folder / "metrics.json").read_text() == (
        "{\n"
        '  "auc": 0.75,\n'
        '  "enum": "purged",\n'
        '  "inf": "-inf",\n'
        '  "large": 1180591620717411303424,\n'
        '  "n": 5,\n'
        '  "nan": "nan",\n'
        '  "nothing": null,\n'
        '  "numpy bool": true,\n'
        '  "numpy float": 0.5,\n'
        '  "numpy int": 3,\n'
        '  "off": false,\n'
        '  "ok": true,\n'
        '  "scheme": "purged ț",\n'
        '  "zero": 0\n'
        "}\n"
    )
    facts = tree.open().facts(next(tree.open().walk()))
    assert facts is not None
    kinds = {name: type(value) for name, value in facts.figures.items()}
    assert (kinds["n"], kinds["ok"], kinds["auc"]) == (int, bool, float)


@pytest.mark.parametrize("figures", [[1.7e308, -1.7e308], [1.7e308], [HUGE, -HUGE], [HUGE]])
def test_figures_next_to_the_largest_float(save: Callable[..., Path], figures: list[float]) -> None:
    """Neither their window nor their trend is beyond a float, and each run is saved."""
    for number, value in enumerate(figures * 6):
        folder = save(run_id=f"run_{number}", ended_at=end_of(number), metrics={"loss": value})
    window = read(folder / "telemetry_drift.json")["baselines"]["rolling_window_k"]
    assert abs(window["metrics"]["loss"]["baseline"]) <= max(figures)
    trend = read(folder / "telemetry_trend.json")["figures"]["loss"]
    assert (trend["status"], trend["slope_per_run"]) == ("steady", pytest.approx(0))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"metrics": {"models": {"lightgbm": 0.7}}},
            "the figure 'models' must be a number, a bool, a text or None, not a dict; give each",
        ),
        ({"metrics": {"aucs": [0.7]}}, "the figure 'aucs' must be a number"),
        ({"metrics": {"aucs": np.zeros(2)}}, "the figure 'aucs' must be a number"),
        ({"metrics": {"huge": -(10**400)}}, "the figure 'huge' is beyond every float"),
        ({"metrics": {"loss": _Tensor()}}, "the figure 'loss' must be a number"),
        ({"metrics": {"scheme": "\ud800"}}, "the figure 'scheme' holds a character that UTF-8"),
        ({"metrics": {"\ud800": 0.7}}, "a figure's name holds a character that UTF-8 cannot"),
        ({"metrics": {1: 0.7}}, "a figure's name must be a text that is not empty, not 1"),
        ({"metrics": [0.7]}, "metrics must be a mapping of figures, not list"),
        ({"metadata": [1]}, "metadata must be a mapping, not list"),
        ({"metadata": {"x": object()}}, "metadata must be values of JSON"),
        ({"metadata": {"x": ["\ud800"]}}, "metadata must be values of JSON"),
        ({"metadata": {"\ud800": 1}}, "metadata must be values of JSON"),
        ({"ended_at": "yesterday"}, "ended_at must be an aware datetime or ISO 8601 text"),
        ({"ended_at": datetime(2025, 12, 14)}, "ended_at must be an aware datetime"),
        ({"view": "SIDEWAYS"}, "view 'SIDEWAYS' is not one of"),
        ({"symbol": "AAPL"}, "symbol 'AAPL' belongs to no CROSS_SECTIONAL cohort"),
        ({"view": "SYMBOL_SPECIFIC"}, "symbol of a cohort is a text that is not empty, not None"),
        ({"run_id": 7}, "run_id must be a text, not 7"),
        ({"target": ""}, "target of a cohort is a text that is not empty"),
    ],
)
def test_values_that_cannot_be_used(
    tree: Tree, save: Callable[..., Path], values: dict[str, Any], told: str
) -> None:
    """They are refused in one sentence, and nothing is written."""
    with pytest.raises(op.UsageError, match=f"^{told}"):
        save(**values)
    assert not tree.root.exists()


def test_names_that_are_none(tree: Tree, save: Callable[..., Path]) -> None:
    """Of rollups and marks too; a view that is a path leads nowhere."""
    save()
    before = tree.files()
    tracker = op.ReproducibilityTracker(tree.root.parent, op.Settings())
    any_view: Any = "../../elsewhere"
    no_text: Any = np.zeros(2)
    with pytest.raises(op.UsageError, match=r"view '\.\./.*' is not one of"):
        tracker.generate_view_rollup(stage=STAGE, view=any_view, run_id=RUN)
    with pytest.raises(op.UsageError, match=r"view array.* is not one of"):
        save(view=no_text)
    with pytest.raises(op.UsageError, match="stage must be a text, not array"):
        tracker.generate_stage_rollup(stage=no_text, run_id=RUN)
    with pytest.raises(op.UsageError, match="run_id must be a text, not array"):
        tracker.generate_telemetry_rollups(stage=STAGE, run_id=no_text)
    with pytest.raises(op.UsageError, match="run_id must be a text, not array"):
        tracker.mark_good(no_text)
    assert tree.files() == before


@pytest.mark.parametrize("name", ["stage", "target", "symbol", "run_id"])
def test_a_name_too_long_is_refused_before_anything_is_written(
    tree: Tree, save: Callable[..., Path], name: str
) -> None:
    """The sentence says which name it is."""
    values = {"view": "SYMBOL_SPECIFIC", "symbol": "AAPL"} | {name: "x" * 300}
    told = f"the {name.replace('_', ' ')} 'xxx.* takes 300 bytes in a path, and the most is 200"
    with pytest.raises(op.CohortError, match=told):
        save(**values)
    assert not tree.root.exists()


def test_a_figure_must_not_take_the_place_of_the_facts(save: Callable[..., Path]) -> None:
    """With ``naming: metrics`` both would be the key ``facts`` of metrics.json."""
    save(metrics={"facts": 1})
    with pytest.raises(op.CohortError, match="'facts' cannot be the name of a figure"):
        save(settings_with(naming="metrics"), metrics={"facts": 1})


def test_metadata_is_kept_beside_ours(save: Callable[..., Path]) -> None:
    """A key of ours is not overwritten, and the audit names it."""
    folder = save(metadata={"seed": 7, "symbols": ["ț"], "stage": "mine", "target": "mine too"})

    metadata = read(folder / "metadata.json")
    assert (metadata["seed"], metadata["symbols"]) == (7, ["ț"])
    assert (metadata["stage"], metadata["target"]) == (STAGE, TARGET)
    assert metadata["cohort_id"] == f"cr_{RUN}"
    audit = read(folder / "audit_report.json")
    assert audit["is_valid"] is audit["has_warnings"] is True
    assert [remark["subject"] for remark in audit["warnings"]] == ["stage", "target"]


def test_when_a_run_ended(save: Callable[..., Path]) -> None:
    """Texts and datetimes of any zone are the same moment; by default it is now."""
    there = datetime(2025, 12, 14, 14, tzinfo=timezone(timedelta(hours=2)))
    for given in ("2025-12-14T12:00:00Z", "2025-12-14T14:00:00+02:00", there):
        folder = save(ended_at=given)
        assert read(folder / "metadata.json")["ended_at"] == "2025-12-14T12:00:00.000Z"

    before = datetime.now(UTC)
    ended_at = datetime.fromisoformat(read(save() / "metadata.json")["ended_at"])
    assert before - timedelta(seconds=1) < ended_at < datetime.now(UTC) + timedelta(seconds=1)


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
