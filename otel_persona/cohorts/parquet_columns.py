"""The columns of the parquet files: their names, types and meanings, whatever the figures are."""

from __future__ import annotations

from typing import Literal, NamedTuple

ColumnType = Literal["string", "strings", "double", "int64", "bool", "timestamp"]


class Column(NamedTuple):
    """One column; a ``timestamp`` is in microseconds, UTC, and ``strings`` are a list."""

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
    Column("metric_value_str", "string", "its value as JSON writes it; a text as it stands"),
    Column("metric_type", "string", "int, float, bool, str or null"),
)

FACTS_COLUMNS = (*_PLACE, *_COHORT, *_VALUE)
"""``telemetry_metrics.parquet``: one row for each figure of the cohort."""

_DISTANCE: tuple[tuple[str, ColumnType, str], ...] = (
    ("", "double", ""),
    ("_noise_floor", "double", ": what chance alone gives it"),
    ("_p_value", "double", ": its p-value"),
    ("_over_threshold", "bool", ": whether it is over the specified threshold"),
    ("_status", "string", ": the decision"),
)
_FINGERPRINTS = tuple(
    Column(f"{side}_{name}", "string", f"fingerprint of the {whose}: {meaning}")
    for side, whose in (("current", "cohort"), ("baseline", "baseline"))
    for name, meaning in (
        ("git_commit", "the commit"),
        ("settings_hash", "the settings"),
        ("data_hash", "what was generated"),
    )
)

DRIFT_COLUMNS = (
    *_PLACE,
    *_COHORT,
    Column("baseline", "string", "previous_run, rolling_window_k or last_good_run"),
    Column("baseline_run_ids", "strings", "the runs in it; null if there is no baseline"),
    Column("sanity_check", "string", "OK, SELF_COMPARISON, SUSPICIOUSLY_IDENTICAL or INCOMPARABLE"),
    Column("kind", "string", "metric, numeric or categorical (distributions), or no_baseline"),
    Column("name", "string", "the figure or distribution; null in no_baseline"),
    Column("reason", "string", "why there is no baseline, no comparison or no plain ok"),
    Column("current_value", "double", "the figure, if it is a number"),
    Column("current_value_str", "string", "the figure as JSON writes it; a text as it stands"),
    Column("baseline_value", "double", "the baseline's, likewise"),
    Column("baseline_value_str", "string", "the baseline's, likewise"),
    Column("comparable", "bool", "whether both are finite numbers"),
    Column("changed", "bool", "whether they differ"),
    Column("delta", "double", "current less baseline"),
    Column("rel_delta", "double", "delta relative to the size of the baseline"),
    Column("rel_delta_status", "string", "defined, both_zero or undefined_zero_baseline"),
    Column("tier", "string", "OK, WARN or ALERT"),
    Column("is_critical", "bool", "whether the figure has critical_limits"),
    Column("direction", "string", "which way the figure gets worse"),
    Column(
        "n_current",
        "int64",
        "values in the distribution; of names, mentions or, if fewer, attempts",
    ),
    Column("n_baseline", "int64", "the baseline's, likewise"),
    Column("value_error", "double", "by how much numbers may be rounded, relative to themselves"),
    Column(
        "status",
        "string",
        "drift, ok, insufficient or no_data: the worse of psi_status and ks_status",
    ),
    Column("suspect", "bool", "whether only too few values keep it from being a drift"),
    Column("verdict", "string", "which way it moved: worse, better, changed or unjudged"),
    *(
        Column(f"{distance}{suffix}", column_type, f"{title}{meaning}")
        for distance, title in (("psi", "PSI"), ("ks", "KS, of numbers alone"))
        for suffix, column_type, meaning in _DISTANCE
    ),
    *_FINGERPRINTS,
)
"""``telemetry_drift.parquet``: one row for each baseline and figure or distribution."""

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
    Column("mean", "double", "in rows of level symbol and view: the mean of the cohorts' figures"),
    Column("std", "double", "their standard deviation, the population's (divided by count)"),
    Column("min", "double", "the smallest"),
    Column("max", "double", "the largest"),
    Column("count", "int64", "how many cohorts have the figure as a number"),
)
"""``telemetry_rollup.parquet``: rows of single cohorts, then rows over several."""
