"""The parquet files beside the JSON: the same content in long tables.

Nothing in them tells when they were written, so the same input gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from otel_persona.cohorts.parquet_columns import DRIFT_COLUMNS, FACTS_COLUMNS, ROLLUP_COLUMNS
from otel_persona.cohorts.parquet_table import Row, parquet_table
from otel_persona.cohorts.summary_statistics import SummaryStatistics
from otel_persona.cohorts.view_rollup import ViewRollup
from otel_persona.facts import CohortKey, Facts, Figure, is_number


def facts_parquet(facts: Facts, cohort_id: str) -> bytes:
    """Return the parquet file of a cohort's figures, see ``FACTS_COLUMNS``."""
    cohort = {
        **_place(facts.key),
        "cohort_id": cohort_id,
        "run_id": facts.run_id,
        "ended_at": facts.ended_at,
    }
    return parquet_table(FACTS_COLUMNS, _figure_rows(cohort, facts.figures))


def drift_parquet(drift: Mapping[str, Any]) -> bytes:
    """Return the parquet file of what ``telemetry_drift.json`` holds, see ``DRIFT_COLUMNS``."""
    blocks = drift["baselines"].items()
    rows = [
        row for name, block in blocks for row in _drift_rows({**drift, "baseline": name}, block)
    ]
    return parquet_table(DRIFT_COLUMNS, rows)


def rollup_parquet(views: Sequence[ViewRollup]) -> bytes:
    """Return the parquet file of one view's rollup, or of a stage's, see ``ROLLUP_COLUMNS``."""
    return parquet_table(ROLLUP_COLUMNS, [row for view in views for row in _rollup_rows(view)])


def _drift_rows(cohort: Row, block: Mapping[str, Any]) -> Iterator[Row]:
    if block["status"] == "no_baseline":
        yield {**cohort, "kind": "no_baseline", "reason": block["reason"]}
        return
    compared = {
        **cohort,
        "baseline_run_ids": block["run_ids"],
        "sanity_check": block["sanity_check"]["status"],
        **_fingerprints(block["fingerprints"]),
    }
    for name, drift in sorted(block["metrics"].items()):
        both_sides = {
            **_value("current", drift["current"]),
            **_value("baseline", drift["baseline"]),
        }
        # The drift's own baseline is a value, the column is the baseline's name.
        rest = {key: value for key, value in drift.items() if key not in {"current", "baseline"}}
        yield {**compared, "kind": "metric", "name": name, **rest, **both_sides}
    for name, drift in sorted(block["distributions"].items()):
        yield {**compared, "name": name, **drift}


def _fingerprints(both_sides: Mapping[str, Mapping[str, Any]]) -> Row:
    return {
        f"{side}_{name}": value
        for side, fingerprints in both_sides.items()
        for name, value in fingerprints.items()
    }


def _rollup_rows(rollup: ViewRollup) -> Iterator[Row]:
    view = {"stage": rollup.stage, "view": rollup.view, "run_id": rollup.run_id}
    for key, figures in sorted(rollup.cohorts.items()):
        yield from _figure_rows({**view, **_place(key), "level": "cohort"}, figures)
    for symbol, summary in sorted(rollup.aggregated_by_symbol.items()):
        yield from _summary_rows({**view, "symbol": symbol, "level": "symbol"}, summary)
    yield from _summary_rows({**view, "level": "view"}, rollup.aggregated)
    if rollup.merged is not None:
        yield from _figure_rows({**view, "level": "merged"}, rollup.merged.figures)


def _place(key: CohortKey) -> Row:
    return {"stage": key.stage, "view": key.view, "target": key.target, "symbol": key.symbol}


def _figure_rows(row: Row, figures: Mapping[str, Figure]) -> Iterator[Row]:
    for name, value in sorted(figures.items()):
        kind = "null" if value is None else type(value).__name__
        yield {**row, "metric_name": name, "metric_type": kind, **_value("metric", value)}


def _summary_rows(row: Row, summary: Mapping[str, SummaryStatistics]) -> Iterator[Row]:
    for name, statistics in sorted(summary.items()):
        yield {**row, "metric_name": name, **msgspec.structs.asdict(statistics)}


def _value(column: str, value: Figure) -> Row:
    """Return the two columns that hold a figure."""
    return {
        f"{column}_value": value if is_number(value) else None,
        f"{column}_value_str": value
        if value is None or isinstance(value, str)
        else msgspec.json.encode(value).decode(),
    }
