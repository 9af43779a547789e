"""The personas of a run as a table."""

from __future__ import annotations

from collections.abc import Sequence

from otel_persona.analysis import PersonaSummary
from otel_persona.cli.cells import counts, usd, whole
from otel_persona.cli.printing import printable
from otel_persona.cli.tables import Column, FigureTable


def persona_view(run_id: str, personas: Sequence[PersonaSummary]) -> FigureTable:
    """Make a table with a row per persona."""
    return FigureTable(
        f"Personas of {printable(run_id)}",
        [
            Column("Persona", is_text=True),
            Column("By stage", is_text=True, is_wrapped=True),
            Column("Attempts"),
            Column("Final status", is_text=True),
            Column("Repairs", is_text=True, is_wrapped=True),
            Column("Prompt", is_spare=True),
            Column("Completion", is_spare=True),
            Column("USD"),
            Column("Start", is_text=True, is_spare=True),
            Column("End", is_text=True, is_spare=True),
        ],
        [
            [
                printable(persona.persona_id),
                counts(persona.stages),
                whole(persona.attempts),
                persona.final_status,
                counts(persona.repairs),
                whole(persona.prompt_tokens),
                whole(persona.completion_tokens),
                usd(persona.cost_usd),
                persona.start,
                persona.end,
            ]
            for persona in personas
        ],
    )
