"""``good_runs.json`` at the tree's root: which runs somebody has marked good, and when."""

from __future__ import annotations

from otel_persona.cohorts.atomic_files import write_all
from otel_persona.cohorts.clock import now
from otel_persona.cohorts.json_files import json_of, read_if_there
from otel_persona.cohorts.locks import folder_lock
from otel_persona.cohorts.metadata import read_metadata
from otel_persona.cohorts.tree import Cohort, CohortTree
from otel_persona.errors import CohortError
from otel_persona.facts import json_text
from otel_persona.nearest import nearest

GOOD_RUNS = "good_runs.json"

COMPLETED_BY = "once it has ended, `otel-persona rollup LOG` of its log completes it"
"""The end of a sentence about a run that is not complete."""


def good_runs(tree: CohortTree) -> dict[str, str]:
    """Return the runs that were marked good, each with when; none, and named, if damaged."""
    try:
        return _read(tree)
    except CohortError as error:
        tree.skip(tree.root / GOOD_RUNS, str(error))
        return {}


def mark_good(tree: CohortTree, run_id: str) -> int:
    """Mark a run good: its complete cohorts become baselines, whatever their audit says.

    Returns how many of its cohorts are not complete, and so are no baselines. Raises
    ``CohortError`` if the tree has no such run, none of its cohorts is complete, or the marks
    cannot be read or written.
    """
    cohorts = list(tree.walk())
    of_run = [cohort for cohort in cohorts if cohort.run_id == run_id]
    if not of_run:
        known = {cohort.run_id for cohort in cohorts}
        raise CohortError(f"{tree.root} has no run {run_id!r}{nearest(run_id, known)}")
    complete = sum(_is_complete(tree, cohort) for cohort in of_run)
    if not complete:
        raise CohortError(
            f"{tree.root}: no cohort of the run {run_id!r} is complete; {COMPLETED_BY}"
        )
    with folder_lock(tree.root, tree.settings):
        marked = _read(tree)
        if run_id not in marked:
            write_all(tree.root, {GOOD_RUNS: json_text({**marked, run_id: now()})})
    return len(of_run) - complete


def _is_complete(tree: CohortTree, cohort: Cohort) -> bool:
    try:
        return read_metadata(cohort).complete
    except CohortError as error:
        tree.skip(cohort.folder, str(error))
        return False


def _read(tree: CohortTree) -> dict[str, str]:
    path = tree.root / GOOD_RUNS
    content = read_if_there(path)
    if content is None:
        return {}
    try:
        marked: dict[str, str] = json_of(path, content, dict[str, str])
    except CohortError as error:
        raise CohortError(f"{error}; remove it and mark the runs again") from None
    return marked
