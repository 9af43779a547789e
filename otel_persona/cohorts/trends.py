"""The trend of a cohort's figures over its newest runs; it needs their figures alone."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec

from otel_persona.cohorts.baselines import EarlierRun, EarlierRuns
from otel_persona.cohorts.json_files import json_of, read_if_there
from otel_persona.cohorts.naming import FACTS_KEY, FIGURES
from otel_persona.cohorts.tree import CohortTree
from otel_persona.drift import Trend, runs_in_trend, trend_of
from otel_persona.errors import CohortError
from otel_persona.facts import Facts, Figure
from otel_persona.settings import Settings


class RunFigures(msgspec.Struct, kw_only=True, frozen=True):
    """The figures of one cohort of one run, and when the run ended, by its own account."""

    run_id: str
    ended_at: str
    figures: dict[str, Figure]


def trend_in(
    tree: CohortTree, facts: Facts, earlier: EarlierRuns, settings: Settings
) -> Trend | None:
    """Compute the trend up to this run; ``None`` before there are ``trend_after`` runs."""
    last = RunFigures(run_id=facts.run_id, ended_at=facts.ended_at, figures=facts.figures)
    before = (run for each in earlier.runs() if (run := _run_figures(tree, each)))
    runs = [last, *islice(before, runs_in_trend(settings) - 1)]
    if len(runs) < tree.settings.trend_after:
        return None
    return trend_of(runs, settings)


def _run_figures(tree: CohortTree, run: EarlierRun) -> RunFigures | None:
    """Read a run's figures without its counts; if they are damaged, name them."""
    path = run.cohort.folder / FIGURES
    try:
        figures = json_of(path, _flat(path, read_if_there(path) or b""), dict[str, Figure])
    except CohortError as error:
        tree.skip(run.cohort.folder, str(error))
        return None
    return RunFigures(run_id=run.cohort.run_id, ended_at=run.ended_at, figures=figures)


def _flat(path: Path, content: bytes) -> bytes:
    """Leave out the facts, which are not read in vain."""
    parts = json_of(path, content, dict[str, msgspec.Raw])
    if parts.pop(FACTS_KEY, None) is None:
        return content
    return msgspec.json.encode(parts)
