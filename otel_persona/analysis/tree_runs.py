"""The runs in a tree of sidecars: when each ended, what it has, and whether it is good."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from otel_persona.cohorts import Cohort, CohortTree
from otel_persona.cohorts.audit import is_valid
from otel_persona.cohorts.good_runs import good_runs
from otel_persona.cohorts.metadata import read_metadata
from otel_persona.errors import CohortError


class RunInTree(msgspec.Struct, kw_only=True):
    """One run, over all of its cohorts that could be read.

    ``ended_at`` is the latest of theirs, and ``complete`` whether the run had ended in all of them.
    ``valid_cohorts`` is how many have passed their audit, ``marked_good`` whether somebody has
    marked the run good.
    """

    run_id: str
    ended_at: str = ""
    stages: list[str] = []
    views: list[str] = []
    cohorts: int = 0
    complete: bool = True
    valid_cohorts: int = 0
    marked_good: bool = False


def runs_of(tree: CohortTree, cohorts: Iterable[Cohort]) -> list[RunInTree]:
    """Return the runs that these cohorts belong to, the newest first.

    A cohort that cannot be read is named through the tree and counts nowhere.
    """
    marked = good_runs(tree)
    runs: dict[str, RunInTree] = {}
    for cohort in cohorts:
        try:
            metadata, valid = read_metadata(cohort), is_valid(cohort)
        except CohortError as error:
            tree.skip(cohort.folder, str(error))
            continue
        run = runs.get(cohort.run_id)
        if run is None:
            run = runs[cohort.run_id] = RunInTree(run_id=cohort.run_id)
        run.ended_at = max(run.ended_at, metadata.ended_at)
        run.stages = sorted({*run.stages, cohort.key.stage})
        run.views = sorted({*run.views, cohort.key.view})
        run.cohorts += 1
        run.complete = run.complete and metadata.complete
        run.valid_cohorts += valid
        run.marked_good = cohort.run_id in marked
    return sorted(runs.values(), key=lambda run: (run.ended_at, run.run_id), reverse=True)


def newest_run(tree: CohortTree, cohorts: Iterable[Cohort]) -> str:
    """Return the run that ended last; raises ``CohortError`` if no cohort could be read."""
    newest = ("", "")
    for cohort in cohorts:
        try:
            ended_at = read_metadata(cohort).ended_at
        except CohortError as error:
            tree.skip(cohort.folder, str(error))
        else:
            newest = max(newest, (ended_at, cohort.run_id))
    if not newest[1]:
        raise CohortError(f"{tree.root}: no cohort in it can be read")
    return newest[1]
