"""What ``rollup`` has written: a table of the runs, and the worst change in each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from otel_persona.analysis.log_cohorts import SavedRun
from otel_persona.cli.bullets import bullets
from otel_persona.cli.cells import UNKNOWN, whole
from otel_persona.cli.drift_view import cohort_sentence
from otel_persona.cli.printing import printable
from otel_persona.cli.tables import Column, FigureTable

_MOST_SENTENCES = 10


def rollup_view(root: Path, runs: Sequence[SavedRun]) -> Iterator[RenderableType]:
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
        [_row(saved) for saved in runs],
    )
    yield from bullets(
        "The worst change of each run, newest first", list(_worst(runs))[:_MOST_SENTENCES]
    )
    yield Text("\nNext", "bold")
    yield Text(f"otel-persona drift --tree {printable(shlex.quote(str(root)))}")


def _row(saved: SavedRun) -> list[str]:
    run = saved.run
    return [
        printable(run.run_id),
        run.ended_at,
        whole(run.attempts),
        whole(len(run.cohorts)),
        whole(saved.changed) if saved.compared else UNKNOWN,
    ]


def _worst(runs: Sequence[SavedRun]) -> Iterator[str]:
    for saved in reversed(runs):
        if saved.worst is not None:
            yield f"{saved.run.run_id}: {cohort_sentence(saved.worst)}"
