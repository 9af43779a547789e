"""The parquet files beside the JSON: the same content in long tables.

Nothing in them tells when they were written, so the same input gives the same bytes. pyarrow is
imported when the first one is made.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

import msgspec

from otel_persona.cohorts.parquet_columns import FACTS_COLUMNS, ROLLUP_COLUMNS, Column, ColumnType
from otel_persona.cohorts.summary_statistics import SummaryStatistics
from otel_persona.cohorts.view_rollup import ViewRollup
from otel_persona.facts import CohortKey, Facts, Figure

Row = Mapping[str, Any]
"""Values by column; a column that is not named is null."""


def facts_parquet(facts: Facts, cohort_id: str) -> bytes:
    """Return the parquet file of a cohort's figures, see ``FACTS_COLUMNS``."""
    cohort = {
        **place(facts.key),
        "cohort_id": cohort_id,
        "run_id": facts.run_id,
        "ended_at": facts.ended_at,
    }
    return parquet_file(FACTS_COLUMNS, _figure_rows(cohort, facts.figures))


def rollup_parquet(views: Sequence[ViewRollup]) -> bytes:
    """Return the parquet file of one view's rollup, or of a stage's, see ``ROLLUP_COLUMNS``."""
    return parquet_file(ROLLUP_COLUMNS, [row for view in views for row in _rollup_rows(view)])


def place(key: CohortKey) -> Row:
    """Return the columns that say which cohort a row belongs to."""
    return {"stage": key.stage, "view": key.view, "target": key.target, "symbol": key.symbol}


def figure_values(name: str, value: Figure) -> Row:
    """Return the columns that hold a figure."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "metric_name": name,
        "metric_value": value if is_number else None,
        "metric_value_str": _as_text(value),
        "metric_type": "null" if value is None else type(value).__name__,
    }


def parquet_file(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    """Return a parquet file whose columns and types do not depend on the rows."""
    pa = import_module("pyarrow")
    parquet = import_module("pyarrow.parquet")
    types = {
        "string": pa.string(),
        "double": pa.float64(),
        "int64": pa.int64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    schema = pa.schema([(column.name, types[column.type]) for column in columns])
    written = [
        {column.name: _value(row.get(column.name), column.type) for column in columns}
        for row in rows
    ]
    table = pa.Table.from_pylist(written, schema=schema)
    file = io.BytesIO()
    parquet.write_table(table, file)
    content: bytes = file.getvalue()
    return content


def _rollup_rows(rollup: ViewRollup) -> Iterator[Row]:
    view: Row = {"stage": rollup.stage, "view": rollup.view, "run_id": rollup.run_id}
    for key, figures in sorted(rollup.cohorts.items()):
        yield from _figure_rows({**view, **place(key), "level": "cohort"}, figures)
    for symbol, summary in sorted(rollup.aggregated_by_symbol.items()):
        yield from _summary_rows({**view, "symbol": symbol, "level": "symbol"}, summary)
    yield from _summary_rows({**view, "level": "view"}, rollup.aggregated)
    if rollup.merged is not None:
        yield from _figure_rows({**view, "level": "merged"}, rollup.merged.figures)


def _figure_rows(row: Row, figures: Mapping[str, Figure]) -> Iterator[Row]:
    for name, value in sorted(figures.items()):
        yield {**row, **figure_values(name, value)}


def _summary_rows(row: Row, summary: Mapping[str, SummaryStatistics]) -> Iterator[Row]:
    for name, statistics in sorted(summary.items()):
        yield {**row, "metric_name": name, **msgspec.structs.asdict(statistics)}


def _value(value: Any, column_type: ColumnType) -> Any:
    if value is None:
        return None
    if column_type == "double":
        return float(value)  # pyarrow refuses whole numbers that a double rounds
    if column_type == "timestamp":
        return datetime.fromisoformat(value)
    return value


def _as_text(value: Figure) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
