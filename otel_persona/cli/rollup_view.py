"""What ``rollup`` has written: a table of the runs, and the worst change in each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from otel_persona.analysis.log_cohorts import FinishedRun
from otel_persona.analysis.run_drift import RunDrift
from otel_persona.cli.bullets import bullets
from otel_persona.cli.cells import UNKNOWN, whole
from otel_persona.cli.drift_view import cohort_sentence
from otel_persona.cli.printing import printable
from otel_persona.cli.tables import Column, FigureTable

_MOST_SENTENCES = 10

Found = Sequence[tuple[FinishedRun, RunDrift | None]]


def rollup_view(root: Path, found: Found) -> Iterator[RenderableType]:
    """Yield what was written, and the command that looks at it."""
    yield FigureTable(
        f"Written to {printable(str(root))}, the oldest first",
        [
            Column("Run", is_text=True),
            Column("Ended", is_text=True, is_spare=True),
            Column("Attempts"),
            Column("Cohorts"),
            Column("Changed", is_spare=True),
        ],
        [_row(run, drift) for run, drift in found],
    )
    yield from bullets(
        "The worst change of each run, newest first", list(_worst(found))[:_MOST_SENTENCES]
    )
    yield Text("\nNext", "bold")
    yield Text(f"otel-persona drift --tree {printable(shlex.quote(str(root)))}")


def _row(run: FinishedRun, drift: RunDrift | None) -> list[str]:
    return [
        printable(run.run_id),
        run.ended_at,
        whole(run.attempts),
        whole(len(run.cohorts)),
        whole(len(drift.by_cohort)) if drift is not None and drift.figures else UNKNOWN,
    ]


def _worst(found: Found) -> Iterator[str]:
    for run, drift in reversed(found):
        if drift is not None and drift.by_cohort:
            yield f"{run.run_id}: {cohort_sentence(drift.by_cohort[0])}"
