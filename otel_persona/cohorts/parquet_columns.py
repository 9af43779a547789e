"""The columns of the parquet files: their names, types and meanings, whatever the figures are."""

from __future__ import annotations

from typing import Literal, NamedTuple

ColumnType = Literal["string", "double", "int64", "bool", "timestamp"]


class Column(NamedTuple):
    """One column; a ``timestamp`` is in microseconds, UTC."""

    name: str
    type: ColumnType
    meaning: str


_PLACE = (
    Column("stage", "string", "the stage"),
    Column("view", "string", "CROSS_SECTIONAL or SYMBOL_SPECIFIC"),
    Column("target", "string", "the target; null in rows over all targets"),
    Column("symbol", "string", "the symbol; null in CROSS_SECTIONAL and in rows over all symbols"),
)
_COHORT = (
    Column("cohort_id", "string", "the cohort"),
    Column("run_id", "string", "the run"),
    Column("ended_at", "timestamp", "when the run ended, by its own account"),
)
_VALUE = (
    Column("metric_name", "string", "the figure"),
    Column("metric_value", "double", "its value if it is a number, else null"),
    Column(
        "metric_value_str", "string", "its value as JSON writes it; a text as it stands; null stays"
    ),
    Column("metric_type", "string", "int, float, bool, str or null"),
)

FACTS_COLUMNS = (*_PLACE, *_COHORT, *_VALUE)
"""``telemetry_metrics.parquet``: one row for each figure of the cohort."""

ROLLUP_COLUMNS = (
    *_PLACE,
    Column("run_id", "string", "the run"),
    Column(
        "level",
        "string",
        "cohort: a figure of one cohort; symbol: over a symbol's targets; view: over all cohorts; "
        "merged: from the counts of all cohorts together",
    ),
    *_VALUE,
    Column("mean", "double", "in rows over several cohorts: the mean of their figures"),
    Column("std", "double", "the standard deviation, divided by count (the population's)"),
    Column("min", "double", "the smallest"),
    Column("max", "double", "the largest"),
    Column("count", "int64", "how many cohorts have the figure as a number"),
)
"""``telemetry_rollup.parquet``: rows of single cohorts, then rows over several."""
