"""Writes the rollups of a run: one beside each view's targets, and one of the stage.

The stage's rollup holds those of its views side by side and adds nothing of its own, since figures
of different views are not to be mixed.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from otel_persona.cohorts.atomic_files import write_all
from otel_persona.cohorts.locks import folder_lock
from otel_persona.cohorts.parquet_files import rollup_parquet
from otel_persona.cohorts.tree import Cohort, CohortTree, Damaged
from otel_persona.cohorts.view_rollup import Skipped, ViewRollup, roll_up
from otel_persona.errors import CohortError
from otel_persona.facts import VIEWS, View, json_text
from otel_persona.records import format_timestamp
from otel_persona.settings import Prices

_LEVELS_IN_LINES = 3
_LEVELS_IN_LINES_OF_A_STAGE = 5


def generate_view_rollup(
    tree: CohortTree, stage: str, view: View, run_id: str, prices: Prices
) -> ViewRollup:
    """Write and return the rollup of a run over all targets (and symbols) of one view.

    What is damaged is named in it, and to the tree's ``on_damaged``. Raises ``CohortError`` if the
    run has no cohort there or the lock is not free in time, and ``OSError`` if the disk refuses.
    """
    _check_known(tree, stage, (view,), run_id)
    return _write_view(tree, stage, view, run_id, prices)


def generate_stage_rollup(
    tree: CohortTree, stage: str, run_id: str, prices: Prices
) -> tuple[ViewRollup, ...]:
    """Write the rollup of a run over one stage, and return those of the views in it.

    Raises as ``generate_view_rollup``. The views' own files are left as they are.
    """
    views = _check_known(tree, stage, VIEWS, run_id)
    with folder_lock(tree.stage_folder(stage), tree.settings):
        rollups = tuple(_rolled_up(tree, stage, view, run_id, prices) for view in views)
        _write_stage(tree, stage, rollups)
    return rollups


def generate_telemetry_rollups(
    tree: CohortTree, stage: str, run_id: str, prices: Prices
) -> tuple[ViewRollup, ...]:
    """Write all rollups of a run in one stage, and return those of the views.

    A view in which the run has no cohort gets none. Raises as ``generate_view_rollup``.
    """
    views = _check_known(tree, stage, VIEWS, run_id)
    with folder_lock(tree.stage_folder(stage), tree.settings):
        rollups = tuple(_write_view(tree, stage, view, run_id, prices) for view in views)
        _write_stage(tree, stage, rollups)
    return rollups


def _write_view(
    tree: CohortTree, stage: str, view: View, run_id: str, prices: Prices
) -> ViewRollup:
    # The lock spans the reading, so that a rollup never takes the place of one that knew more.
    with folder_lock(tree.view_folder(stage, view), tree.settings) as _:
        rollup = _rolled_up(tree, stage, view, run_id, prices)
        content = rollup.to_json() | {"timestamp": _now()}
        _write(tree, tree.view_folder(stage, view), content, _LEVELS_IN_LINES, [rollup])
    return rollup


def _write_stage(tree: CohortTree, stage: str, rollups: Sequence[ViewRollup]) -> None:
    content = {
        "run_id": rollups[0].run_id,
        "stage": stage,
        "timestamp": _now(),
        "views": {rollup.view: rollup.to_json() for rollup in rollups},
    }
    _write(tree, tree.stage_folder(stage), content, _LEVELS_IN_LINES_OF_A_STAGE, rollups)


def _write(
    tree: CohortTree,
    folder: Path,
    content: dict[str, Any],
    levels: int,
    rollups: Sequence[ViewRollup],
) -> None:
    name = tree.names.rollup
    files = {
        f"{name}.parquet": rollup_parquet(rollups),
        f"{name}.json": json_text(content, levels),
    }
    write_all(folder, files)


def _rolled_up(tree: CohortTree, stage: str, view: View, run_id: str, prices: Prices) -> ViewRollup:
    skipped: list[Skipped] = []

    def note(damaged: Damaged) -> None:
        path = damaged.path.relative_to(tree.root).as_posix()
        skipped.append(Skipped(path, damaged.reason))
        tree.on_damaged(damaged)

    noting = CohortTree(tree.root, tree.settings, note)
    found = (noting.facts(cohort) for cohort in _cohorts(noting, stage, view, run_id))
    rollup = roll_up(stage, view, run_id, (facts for facts in found if facts is not None), prices)
    return msgspec.structs.replace(rollup, skipped=tuple(skipped))


def _cohorts(tree: CohortTree, stage: str, view: View, run_id: str) -> Iterator[Cohort]:
    for key in tree.keys(stage, view):
        cohort = tree.find(key, run_id)
        if cohort is not None:
            yield cohort


def _check_known(
    tree: CohortTree, stage: str, views: Sequence[View], run_id: str
) -> tuple[View, ...]:
    """Return the views in which the run has cohorts; raise ``CohortError`` if there are none."""
    quiet = CohortTree(tree.root, tree.settings, lambda _: None)
    known = tuple(view for view in views if any(_cohorts(quiet, stage, view, run_id)))
    if not known:
        place = f"{stage}/{views[0]}" if len(views) == 1 else stage
        raise CohortError(
            f"{tree.root}: the run {run_id!r} has no cohort in {place}"
            f"{_nearest_run(quiet, stage, views, run_id)}"
        )
    return known


def _nearest_run(tree: CohortTree, stage: str, views: Sequence[View], run_id: str) -> str:
    runs = {cohort.run_id for view in views for cohort in tree.walk(stage, view)}
    if not runs:
        return ", and neither has any other"
    return f"; did you mean {difflib.get_close_matches(run_id, sorted(runs), 1, cutoff=0)[0]!r}?"


def _now() -> str:
    return format_timestamp(time.time_ns() // 1_000)
