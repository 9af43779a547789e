"""The stages of a run as a table."""

from __future__ import annotations

from collections.abc import Mapping

from otel_persona.aggregation import BatchSummary
from otel_persona.cli.figure_columns import FIGURES
from otel_persona.cli.printing import printable
from otel_persona.cli.tables import Column, FigureTable


def stage_view(run_id: str, stages: Mapping[str, BatchSummary]) -> FigureTable:
    """Make a table with a row per stage."""
    return FigureTable(
        f"Stages of {printable(run_id)}",
        [Column("Stage", is_text=True), *(figure.column for figure in FIGURES)],
        [
            [printable(stage), *(figure.text(summary) for figure in FIGURES)]
            for stage, summary in stages.items()
        ],
    )
