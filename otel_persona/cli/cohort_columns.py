"""The columns that say which cohort a row is about, and cohorts and baselines in words."""

from __future__ import annotations

from otel_persona.analysis.drift_changes import Against
from otel_persona.cli.printing import printable
from otel_persona.cli.tables import Column
from otel_persona.facts import CohortKey

COHORT_COLUMNS = (
    Column("Stage", is_text=True, is_spare=True),
    Column("Target", is_text=True),
    Column("Symbol", is_text=True),
)
_ALL = "(all)"


def cohort_cells(key: CohortKey) -> list[str]:
    """Fill ``COHORT_COLUMNS``; a cohort in CROSS_SECTIONAL holds all symbols."""
    symbol = _ALL if key.symbol is None else printable(key.symbol)
    return [printable(key.stage), printable(key.target), symbol]


def cohort_in_words(key: CohortKey) -> str:
    """Name a cohort."""
    return " / ".join(cohort_cells(key))


def baseline_in_words(against: Against) -> str:
    """Name what a cohort was compared with: the runs, and the baseline that they are."""
    first, last = map(printable, (against.run_ids[0], against.run_ids[-1]))
    runs = last if len(against.run_ids) == 1 else f"{first} to {last}"
    return f"{runs} ({printable(against.baseline)})"
