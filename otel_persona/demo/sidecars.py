"""The sidecars of the sliced requests: five runs, saved by what ``otel-persona rollup`` does."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from otel_persona.analysis.log_cohorts import finished_runs, save_runs
from otel_persona.analysis.run_drift import RunDrift, drift_of_run
from otel_persona.analysis.sidecar_files import read_drift
from otel_persona.cohorts import CohortTree, SubjectStates
from otel_persona.demo.slices import SLICES, sliced_attempts
from otel_persona.errors import UsageError
from otel_persona.settings import Settings

_RUNS = {f"slice_{number}" for number in range(1, SLICES + 1)}


class Sidecars(NamedTuple):
    """The tree, how many runs, attempts and cohorts are in it, and what changed in the last run."""

    root: Path
    runs: int
    attempts: int
    cohorts: int
    newest: RunDrift


def check_tree(root: Path) -> None:
    """Check the place for the tree; raises ``UsageError`` if it holds anything but this demo's."""
    tree = CohortTree(root, on_damaged=lambda damaged: _refuse(root, str(damaged)))
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is not a folder; choose another place with --out")
    for cohort in tree.walk():
        if cohort.run_id not in _RUNS:
            _refuse(root, f"it holds the run {cohort.run_id!r}")


def write_sidecars(root: Path) -> Sidecars:
    """Write the five runs; raises ``CohortError`` if that fails.

    Neither the environment nor a settings file changes what is written.
    """
    settings = Settings()
    tree = CohortTree(root, settings.safety.telemetry)
    folded = SubjectStates(settings)
    for attempt in sliced_attempts():
        folded.add(attempt)
    runs = finished_runs(folded, tree, lambda reason, _: _refuse(root, reason))
    saved = list(save_runs(tree, runs, settings))
    newest = drift_of_run([read_drift(cohort) for cohort in runs[-1].cohorts])
    attempts = sum(run.attempts for run in runs)
    return Sidecars(root, len(runs), attempts, len(saved), newest)


def _refuse(root: Path, reason: str) -> None:
    raise UsageError(
        f"{root} is not the tree of an earlier demo, so it stays as it is ({reason}); choose "
        "another folder with --out"
    )
