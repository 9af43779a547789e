"""What a pipeline may give by hand: figures, names, metadata and ends, kept or refused."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import otel_persona as op
from tests.cohorts.trees import RUN, STAGE, TARGET, Tree, end_of, read, settings_with

HUGE = 10**308


class _Tensor:
    """A tensor as those of other libraries are, where it has no single value."""

    def item(self) -> float:
        raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")


class _Scheme(str, enum.Enum):  # noqa: UP042 - str() of a StrEnum would be its text
    PURGED = "purged"


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
