"""``good_runs.json`` at the tree's root: which runs somebody has marked good, and when."""

from __future__ import annotations

from difflib import get_close_matches

from otel_persona.cohorts.atomic_files import write_all
from otel_persona.cohorts.clock import now
from otel_persona.cohorts.json_files import json_of, read_if_there
from otel_persona.cohorts.locks import folder_lock
from otel_persona.cohorts.tree import CohortTree
from otel_persona.errors import CohortError
from otel_persona.facts import json_text

GOOD_RUNS = "good_runs.json"


def good_runs(tree: CohortTree) -> dict[str, str]:
    """Return the runs that were marked good, each with when; none, and named, if damaged."""
    try:
        return _read(tree)
    except CohortError as error:
        tree.skip(tree.root / GOOD_RUNS, str(error))
        return {}


def mark_good(tree: CohortTree, run_id: str) -> None:
    """Mark a run good: its complete cohorts become baselines, whatever their audit says.

    Raises ``CohortError`` if the tree has no such run, or the marks cannot be read or written.
    """
    known = {cohort.run_id for cohort in tree.walk()}
    if run_id not in known:
        raise CohortError(f"{tree.root} has no run {run_id!r}{_nearest(run_id, known)}")
    with folder_lock(tree.root, tree.settings):
        marked = _read(tree)
        if run_id not in marked:
            write_all(tree.root, {GOOD_RUNS: json_text({**marked, run_id: now()})})


def _read(tree: CohortTree) -> dict[str, str]:
    path = tree.root / GOOD_RUNS
    content = read_if_there(path)
    if content is None:
        return {}
    marked: dict[str, str] = json_of(path, content, dict[str, str])
    return marked


def _nearest(run_id: str, known: set[str]) -> str:
    close = get_close_matches(run_id, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
