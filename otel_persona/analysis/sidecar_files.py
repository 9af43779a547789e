"""Reads the sidecars of a cohort that say what changed: its drift and its trend."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from otel_persona.cohorts import Cohort
from otel_persona.cohorts.json_files import json_of, read_if_there
from otel_persona.cohorts.naming import BOTH
from otel_persona.drift import Comparison, Trend
from otel_persona.errors import CohortError
from otel_persona.mismatches import find_mismatch

_Kind = TypeVar("_Kind")


class _Block(msgspec.Struct, frozen=True):
    """What each baseline's block has, whether there was a baseline or not."""

    status: str
    reason: str = ""
    run_ids: list[str] = []


class _DriftFile(msgspec.Struct, frozen=True):
    ended_at: str
    complete: bool
    baselines: dict[str, dict[str, Any]]


class Compared(NamedTuple):
    """A baseline's comparison and its runs, oldest first; without one, ``reason`` says why."""

    run_ids: tuple[str, ...]
    comparison: Comparison | None
    reason: str


class CohortDrift(NamedTuple):
    """One cohort, and what it was compared with, by the baselines' names."""

    cohort: Cohort
    ended_at: str
    complete: bool
    baselines: dict[str, Compared]


class CohortTrend(NamedTuple):
    """One cohort, and the trend up to it; ``None`` while there are too few runs."""

    cohort: Cohort
    trend: Trend | None


def read_drift(cohort: Cohort) -> CohortDrift:
    """Read the drift of a cohort, of either naming.

    Raises ``CohortError``, with the file and the reason, if it is missing or damaged.
    """
    path, content = _first_there(cohort, [names.drift for names in BOTH])
    if content is None:
        raise CohortError(f"{path}: is missing")
    found = _as(path, json_of(path, content), _DriftFile)
    blocks = {name: _compared(path, block) for name, block in found.baselines.items()}
    return CohortDrift(cohort, found.ended_at, found.complete, blocks)


def read_trend(cohort: Cohort) -> CohortTrend:
    """Read the trend of a cohort; raises ``CohortError`` if it is damaged."""
    path, content = _first_there(cohort, [names.trend for names in BOTH])
    trend = None if content is None else _as(path, json_of(path, content), Trend)
    return CohortTrend(cohort, trend)


def _first_there(cohort: Cohort, names: list[str]) -> tuple[Path, bytes | None]:
    """Read the first of these JSON files that is there; if none is, name the first."""
    paths = [cohort.folder / f"{name}.json" for name in names]
    for path in paths:
        content = read_if_there(path)
        if content is not None:
            return path, content
    return paths[0], None


def _compared(path: Path, plain: dict[str, Any]) -> Compared:
    block = _as(path, plain, _Block)
    comparison = _as(path, plain, Comparison) if block.status == "compared" else None
    return Compared(tuple(block.run_ids), comparison, block.reason)


def _as(path: Path, plain: object, kind: type[_Kind]) -> _Kind:
    if (mismatch := find_mismatch(plain, kind)) is not None:
        raise CohortError(f"{path}: is damaged: {mismatch}")
    return msgspec.convert(plain, kind)
