"""What each worker of a run has of a cohort, in a dot-file of its own in the cohort's folder.

The cohort's own files are the merge of these parts. Cohorts that were saved as a whole have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from otel_persona.cohorts.atomic_files import remove_all
from otel_persona.cohorts.json_files import read_if_there
from otel_persona.cohorts.names import encode_name
from otel_persona.cohorts.tree import Cohort, CohortTree
from otel_persona.errors import CohortError
from otel_persona.facts import Facts, decode_facts, encode_facts, json_text, merged
from otel_persona.facts.categories import MOST_NAMES
from otel_persona.settings import Prices

_PART = ".part-"
_SAVED_BEFORE = f"{_PART}.json"


def with_part(
    tree: CohortTree, cohort: Cohort, part: Facts, worker: str, prices: Prices, written_at: str
) -> tuple[Facts, dict[str, bytes]]:
    """Return what all workers have together, and the files of parts to write for it.

    ``part`` takes the place of what this worker had before. If the cohort was saved as a whole,
    that becomes a part of it: the run goes on. Damaged parts are named and left out.
    """
    own = f"{_PART}{encode_name(worker, what='worker')}.json"
    paths = _paths(cohort)
    parts = {path.name: facts for path, facts in _parts(tree, cohort, paths)}
    files: dict[str, bytes] = {}
    if not paths and cohort.exists() and (before := tree.facts(cohort)) is not None:
        parts[_SAVED_BEFORE] = before
        files[_SAVED_BEFORE] = _text(before, written_at)
    parts[own] = part
    files[own] = _text(part, written_at)
    by_end = sorted(parts.items(), key=lambda named: (named[1].ended_at, named[0]))
    return merged([facts for _, facts in by_end], prices), files


def remove_parts(cohort: Cohort) -> None:
    """Remove the parts of all workers: the cohort is about to be saved as a whole."""
    remove_all(cohort.folder, *(path.name for path in _paths(cohort)))


def _parts(tree: CohortTree, cohort: Cohort, paths: Sequence[Path]) -> Iterator[tuple[Path, Facts]]:
    for path in paths:
        try:
            facts = decode_facts(read_if_there(path) or b"")
        except CohortError as error:
            tree.skip(path, str(error))
            continue
        if (facts.key, facts.run_id) == (cohort.key, cohort.run_id):
            yield path, facts
        else:
            tree.skip(path, f"holds {facts.key} of the run {facts.run_id!r}")


def _paths(cohort: Cohort) -> list[Path]:
    return sorted(cohort.folder.glob(f"{_PART}*.json"))


def _text(facts: Facts, written_at: str) -> bytes:
    # All names that memory holds, so that merging is as exact as if no file lay between.
    return json_text(encode_facts(facts, written_at, names=MOST_NAMES))
