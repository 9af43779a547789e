"""A tree in the test's folder, attempts to save there, and programs that save."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import otel_persona as op
from otel_persona.cohorts import TREE_NAME
from otel_persona.facts import CohortState, cohort_figures
from otel_persona.records import record_from_entry
from otel_persona.settings import Settings
from tests.cohorts.trees import RUN, STAGE, TARGET, Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Give a tree in the test's folder, where the tracker's is too."""
    return Tree(tmp_path / TREE_NAME)


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


@pytest.fixture
def state_of(make_entry: Callable[..., dict[str, Any]]) -> Callable[..., CohortState]:
    """Give a function that folds plain attempts, one for each latency."""

    def fold(*latencies: int, **changed: Any) -> CohortState:
        state = CohortState()
        for latency in latencies:
            state.add(record_from_entry(make_entry(latency_ms=latency, **changed)))
        return state

    return fold


@pytest.fixture
def attempts(state_of: Callable[..., CohortState]) -> Callable[..., dict[str, Any]]:
    """Give a function that makes what the facts of attempts hold, for ``Tree.save``."""

    def make(*latencies: int, **changed: Any) -> dict[str, Any]:
        state = state_of(*latencies, **changed)
        return {"state": state, "figures": dict(cohort_figures(state, Settings().prices))}

    return make


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Give a function that starts a program in the test's folder."""
    programs: list[subprocess.Popen[str]] = []

    def start_program(script: str, *arguments: object) -> subprocess.Popen[str]:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        programs.append(
            subprocess.Popen(
                [sys.executable, "-c", script, *map(str, arguments)],
                cwd=tmp_path,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return programs[-1]

    yield start_program
    for program in programs:
        if program.poll() is None:
            program.kill()
        program.communicate()
