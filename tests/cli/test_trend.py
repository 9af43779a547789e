"""``trend``: where figures are heading over runs, and what so few runs cannot tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

from otel_persona import ReproducibilityTracker

Cli = Callable[..., CompletedProcess[str]]
Line = Callable[..., bytes]
Log = Callable[..., str]


def _document(cli: Cli, *arguments: str) -> dict[str, Any]:
    done = cli(*arguments, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _bullets(text: str) -> list[str]:
    return [row for row in text.splitlines() if row.startswith("- ")]


@pytest.fixture(scope="module")
def slow_tree(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a tree of twelve runs, each slower than the one before."""
    folder = tmp_path_factory.mktemp("slow")
    tracker = ReproducibilityTracker(folder)
    for number in range(12):
        tracker.save_to_cohort(
            stage="B",
            view="CROSS_SECTIONAL",
            target="25K",
            run_id=f"run_{number:02d}",
            metrics={"mean_latency_success_ms": 1_000 + 100 * number, "success_rate": 0.9},
            ended_at=f"2026-01-{number + 1:02d}T00:00:00Z",
        )
    return str(folder / "REPRODUCIBILITY")


def test_a_trend_is_said_in_words(cli: Cli, slow_tree: str) -> None:
    """Per run, from the first to the last, with what speaks for it."""
    done = cli("trend", "--tree", slow_tree)
    assert (done.returncode, done.stderr) == (0, "")
    assert _bullets(done.stdout)[0] == (
        "- mean_latency_success_ms: +100 ms per run over 12 runs (1.00 s -> 2.10 s), worse, p "
        "4.2e-09, in B / 25K / (all)"
    )
    first = _document(cli, "trend", "--tree", slow_tree)["figures"][0]
    assert (first["figure"], first["status"]) == ("mean_latency_success_ms", "worse")
    assert first["runs"] == [f"run_{number:02d}" for number in range(12)]
    assert first["slope_per_run"] == pytest.approx(100)


def test_too_few_runs_for_a_trend_are_said(cli: Cli, sliced_tree: str) -> None:
    """None at all before there are five; and with five, what no order of values could show."""
    done = cli("trend", "--tree", sliced_tree, "--run", "slice_4")
    assert done.returncode == 0
    assert "- 17 cohorts of too few runs for a trend" in done.stdout
    assert len(_document(cli, "trend", "--tree", sliced_tree, "--run", "slice_4")["without"]) == 17
    said = _bullets(cli("trend", "--tree", sliced_tree).stdout)[-1]
    assert said == (
        "- out of reach: 136 figures of 17 cohorts could not be called anything but steady with so "
        "few runs: 5 runs give p 0.017 at least, and below 0.00083 is needed"
    )
    assert "Slope" not in cli("trend", "--tree", sliced_tree).stdout
