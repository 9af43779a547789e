"""Writes one parquet file: its columns are fixed, and its bytes depend on its content alone."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any

from otel_persona.cohorts.parquet_columns import Column, ColumnType
from otel_persona.concurrency import forks

Row = Mapping[str, Any]
"""Values by column; a column that is not named is null, and a name without a column left out."""


@cache
def load() -> None:
    """Import what the first file would import, so that writing it takes no longer than others."""
    parquet_table([Column("loaded", "bool", "")], [{"loaded": True}])


def parquet_table(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    """Return a parquet file whose columns and types do not depend on the rows."""
    with forks.undivided():  # the first time it imports much, and pyarrow has locks of its own
        return _table(columns, rows)


def _table(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    pa = import_module("pyarrow")  # costs 160 ms to import
    parquet = import_module("pyarrow.parquet")
    types = {
        "string": pa.string(),
        "strings": pa.list_(pa.string()),
        "double": pa.float64(),
        "int64": pa.int64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    rows = list(rows)
    written = {
        column.name: pa.array(
            [_value(row.get(column.name), column.type) for row in rows], types[column.type]
        )
        for column in columns
    }
    file = io.BytesIO()
    parquet.write_table(pa.table(written), file)
    return file.getvalue()


def _value(value: Any, column_type: ColumnType) -> Any:
    if value is None:
        return None
    if column_type == "double":
        return float(value)  # pyarrow refuses whole numbers that a double rounds
    if column_type == "timestamp":
        return datetime.fromisoformat(value)
    return value
