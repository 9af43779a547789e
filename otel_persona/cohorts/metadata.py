"""``metadata.json``: which cohort of which run it is; with it, a cohort exists."""

from __future__ import annotations

from typing import Any

import msgspec

from otel_persona.cohorts.json_files import read_json
from otel_persona.cohorts.naming import METADATA
from otel_persona.cohorts.tree import Cohort
from otel_persona.errors import CohortError
from otel_persona.facts import SCHEMA_VERSION, Facts


class Metadata(msgspec.Struct, kw_only=True, frozen=True):
    """What the index needs to know of a cohort; the file holds more."""

    stage: str
    view: str
    target: str
    symbol: str | None = None
    run_id: str
    ended_at: str
    complete: bool

    def is_of(self, cohort: Cohort) -> bool:
        """Return whether it is that of this cohort of this run."""
        key = cohort.key
        return (self.stage, self.view, self.target, self.symbol, self.run_id) == (
            key.stage,
            key.view,
            key.target,
            key.symbol,
            cohort.run_id,
        )


def metadata_of(facts: Facts, cohort: Cohort, written_at: str) -> dict[str, Any]:
    """Return what this package says in the file; only ``created_at`` says when that was."""
    key = facts.key
    ours: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "cohort_id": cohort.cohort_id,
        "run_id": facts.run_id,
        "stage": key.stage,
        "view": key.view,
        "target": key.target,
        "ended_at": facts.ended_at,
        "complete": facts.complete,
        "fingerprints": msgspec.to_builtins(facts.fingerprints),
        "created_at": written_at,
    }
    if key.symbol is not None:
        ours["symbol"] = key.symbol
    if facts.state is not None:
        ours |= {
            "n_attempts": facts.state.attempts,
            "n_personas": facts.state.personas.estimate(),
            "ts_start": facts.state.start,
            "ts_end": facts.state.end,
        }
    return ours


def read_metadata(cohort: Cohort) -> Metadata:
    """Read the file; raises ``CohortError`` if it is missing, damaged or that of another cohort."""
    metadata = _read(cohort)
    if not metadata.is_of(cohort):
        raise CohortError(f"{cohort.folder / METADATA}: is that of {_described(metadata)}")
    return metadata


def attempts_in(cohort: Cohort) -> int:
    """Return how many attempts a cohort has; 0 if that cannot be read, or nobody has counted."""
    try:
        attempts = read_json(cohort.folder / METADATA)["n_attempts"]
    except (CohortError, KeyError, TypeError):
        return 0
    return attempts if isinstance(attempts, int) else 0


def refuse_other(cohort: Cohort) -> None:
    """Raise ``CohortError`` if another cohort has this folder already.

    Some file systems tell no capitals from small letters; one cohort would overwrite the other.
    """
    try:
        metadata = _read(cohort)
    except CohortError:
        return  # there is none yet, or saving repairs it
    if not metadata.is_of(cohort):
        raise CohortError(
            f"{cohort.folder}: is the folder of {_described(metadata)} already; "
            "give it another name, or a file system that tells them apart"
        )


def _read(cohort: Cohort) -> Metadata:
    metadata: Metadata = read_json(cohort.folder / METADATA, Metadata)
    return metadata


def _described(metadata: Metadata) -> str:
    parts = (metadata.stage, metadata.view, metadata.target, metadata.symbol)
    names = ", ".join(repr(part) for part in parts if part is not None)
    return f"the run {metadata.run_id!r} of {names}"
