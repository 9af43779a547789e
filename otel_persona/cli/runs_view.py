"""The runs in a tree as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from otel_persona.analysis.tree_runs import RunInTree
from otel_persona.cli.bullets import bullets
from otel_persona.cli.cells import whole
from otel_persona.cli.printing import printable
from otel_persona.cli.tables import Column, FigureTable
from otel_persona.cohorts.good_runs import COMPLETED_BY


def runs_view(runs: Sequence[RunInTree]) -> Iterator[RenderableType]:
    """Yield a table with a row for each run, in this order, and what completes a run."""
    yield _table(runs)
    unfinished = [run.run_id for run in runs if not run.complete]
    yield from bullets("Not complete", [f"{run_id}: {COMPLETED_BY}" for run_id in unfinished])


def _table(runs: Sequence[RunInTree]) -> FigureTable:
    return FigureTable(
        "Runs, the newest first",
        [
            Column("Run", is_text=True),
            Column("Ended", is_text=True),
            Column("Stages", is_text=True, is_wrapped=True),
            Column("Cohorts"),
            Column("Complete", is_text=True),
            Column("Good", is_text=True),
            Column("Views", is_text=True, is_spare=True),
        ],
        [
            [
                printable(run.run_id),
                printable(run.ended_at),
                printable(", ".join(run.stages)),
                whole(run.cohorts),
                "yes" if run.complete else "no",
                _good(run),
                ", ".join(run.views),
            ]
            for run in runs
        ],
    )


def _good(run: RunInTree) -> str:
    """Say whether somebody marked it, else how many of its cohorts are good by their audit."""
    if run.marked_good:
        return "marked"
    if not run.complete:
        return "no"
    if run.valid_cohorts == run.cohorts:
        return "yes"
    return f"{run.valid_cohorts:,} of {run.cohorts:,}" if run.valid_cohorts else "no"
