"""The runs in a tree as a table."""

from __future__ import annotations

from collections.abc import Sequence

from otel_persona.analysis.tree_runs import RunInTree
from otel_persona.cli.cells import whole
from otel_persona.cli.printing import printable
from otel_persona.cli.tables import Column, FigureTable


def runs_view(runs: Sequence[RunInTree]) -> FigureTable:
    """Make a table with a row for each run, in this order."""
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
