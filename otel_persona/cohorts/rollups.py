"""Writes the rollups of a run: one beside each view's targets, and one of the stage.

The stage's rollup holds those of its views side by side and adds nothing of its own, since figures
of different views are not to be mixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from otel_persona.cohorts.atomic_files import remove_all, remove_unfinished, write_all
from otel_persona.cohorts.clock import now
from otel_persona.cohorts.locks import folder_lock
from otel_persona.cohorts.naming import BOTH
from otel_persona.cohorts.parquet_files import rollup_parquet
from otel_persona.cohorts.tree import Cohort, CohortTree, Damaged
from otel_persona.cohorts.view_rollup import Skipped, ViewRollup, roll_up
from otel_persona.errors import CohortError
from otel_persona.facts import SCHEMA_VERSION, VIEWS, View, json_text
from otel_persona.nearest import nearest
from otel_persona.settings import Prices

# As deep in each of its views as in the view's own file.
_LEVELS_OF_A_STAGE = 4


def generate_view_rollup(
    tree: CohortTree, stage: str, view: View, run_id: str, prices: Prices
) -> ViewRollup:
    """Write and return the rollup of a run over all targets (and symbols) of one view.

    What is damaged is named in it, and to the tree's ``on_damaged``. Raises ``CohortError`` if the
    run has no cohort there, another writer does not let go in time, or the disk refuses.
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
    with folder_lock(tree.stage_folder(stage), tree.settings) as folder:
        rollups = tuple(_rolled_up(tree, stage, view, run_id, prices) for view in views)
        _write_stage(tree, folder, rollups)
    return rollups


def generate_telemetry_rollups(
    tree: CohortTree, stage: str, run_id: str, prices: Prices
) -> tuple[ViewRollup, ...]:
    """Write all rollups of a run in one stage, and return those of the views.

    A view in which the run has no cohort gets none. Raises as ``generate_view_rollup``.
    """
    views = _check_known(tree, stage, VIEWS, run_id)
    with folder_lock(tree.stage_folder(stage), tree.settings) as folder:
        rollups = tuple(_write_view(tree, stage, view, run_id, prices) for view in views)
        _write_stage(tree, folder, rollups)
    return rollups


def _write_view(
    tree: CohortTree, stage: str, view: View, run_id: str, prices: Prices
) -> ViewRollup:
    # The lock spans the reading, so that a rollup never takes the place of one that knew more.
    with folder_lock(tree.view_folder(stage, view), tree.settings) as folder:
        rollup = _rolled_up(tree, stage, view, run_id, prices)
        _write(tree, folder, json_text(rollup.to_json() | {"timestamp": now()}), [rollup])
    return rollup


def _write_stage(tree: CohortTree, folder: Path, rollups: Sequence[ViewRollup]) -> None:
    content = {
        "schema_version": SCHEMA_VERSION,
        "run_id": rollups[0].run_id,
        "stage": rollups[0].stage,
        "timestamp": now(),
        "views": {rollup.view: rollup.to_json() for rollup in rollups},
    }
    _write(tree, folder, json_text(content, _LEVELS_OF_A_STAGE), rollups)


def _write(tree: CohortTree, folder: Path, json: bytes, rollups: Sequence[ViewRollup]) -> None:
    if tree.settings.lock:
        remove_unfinished(folder)
    name = tree.names.rollup
    write_all(folder, {f"{name}.parquet": rollup_parquet(rollups), f"{name}.json": json})
    others = [names.rollup for names in BOTH if names.rollup != name]
    remove_all(folder, *(f"{other}.{kind}" for other in others for kind in ("json", "parquet")))


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
    return nearest(run_id, runs) or ", and there is no other run"
