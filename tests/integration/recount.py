"""What the servers must show, worked out from the lines of a log and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from otel_persona.records import AttemptRecord

LABELS = {
    "persona_attempts_total": ("stage", "status", "tier"),
    "persona_attempt_duration_seconds_sum": ("stage", "status", "tier"),
    "persona_attempt_duration_seconds_count": ("stage", "status", "tier"),
    "persona_tokens_total": ("type", "stage", "tier"),
    "persona_cost_total": ("stage", "tier"),
    "persona_repairs_total": ("type", "stage", "tier"),
    "persona_opening_moves_total": ("move", "tier"),
    "persona_validator_score_sum": ("validator", "stage", "tier"),
    "persona_validator_score_count": ("validator", "stage", "tier"),
}
"""The counters, and the sums and counts of the histograms, with their labels."""

_FROM_LINES = {
    "persona_attempts_total": "SELECT stage, status, tier, count(*) FROM line GROUP BY ALL",
    "persona_attempt_duration_seconds_sum": """
        SELECT stage, status, tier, sum(latency_ms) / 1000 FROM line GROUP BY ALL""",
    "persona_attempt_duration_seconds_count": """
        SELECT stage, status, tier, count(*) FROM line GROUP BY ALL""",
    "persona_tokens_total": """
        SELECT 'input', stage, tier, sum(prompt_tokens) AS tokens
        FROM line GROUP BY ALL HAVING tokens > 0
        UNION ALL
        SELECT 'output', stage, tier, sum(completion_tokens) AS tokens
        FROM line GROUP BY ALL HAVING tokens > 0""",
    "persona_cost_total": """
        SELECT stage, tier, sum(prompt_tokens + completion_tokens) * 0.00045 / 1000 AS usd
        FROM line GROUP BY ALL HAVING usd > 0""",
    "persona_repairs_total": """
        SELECT kind, stage, tier, count(*)
        FROM (SELECT unnest(repairs) AS kind, stage, tier FROM line) GROUP BY ALL""",
    "persona_opening_moves_total": """
        SELECT opening_move, tier, count(*)
        FROM line WHERE opening_move IS NOT NULL GROUP BY ALL""",
    "persona_validator_score_sum": """
        SELECT score.key, stage, tier, sum(score.value)
        FROM (SELECT unnest(map_entries(validator_scores)) AS score, stage, tier FROM line)
        GROUP BY ALL""",
    "persona_validator_score_count": """
        SELECT score.key, stage, tier, count(*)
        FROM (SELECT unnest(map_entries(validator_scores)) AS score, stage, tier FROM line)
        GROUP BY ALL""",
}
_COLUMNS = {
    "persona_id": "VARCHAR",
    "stage": "VARCHAR",
    "status": "VARCHAR",
    "tier": "VARCHAR",
    "latency_ms": "BIGINT",
    "prompt_tokens": "BIGINT",
    "completion_tokens": "BIGINT",
    "repairs": "VARCHAR[]",
    "opening_move": "VARCHAR",
    "validator_scores": "MAP(VARCHAR, DOUBLE)",
}

Figures = dict[tuple[str, ...], float]
"""Values by the metric's name and its labels' values."""


def recount(log: Path) -> Figures:
    """Work out every counter, and every histogram's sum and count, with SQL over the lines."""
    with duckdb.connect() as database:
        database.from_query(
            "SELECT * FROM read_json($log, columns = $columns, format = 'newline_delimited')",
            params={"log": str(log), "columns": _COLUMNS},
        ).create("line")
        return {
            (metric, *labels): float(value)
            for metric, query in _FROM_LINES.items()
            for *labels, value in database.sql(query).fetchall()
        }


def attributes_of_line(line: AttemptRecord) -> dict[str, Any]:
    """Return the attributes that the span of this line's attempt must have, and no others.

    An attempt without tokens is one whose usage nobody knows; an error that begins with the name
    of a type is an exception.
    """
    kind, _, said = (line.error or "").partition(": ")
    failure = "timeout" if kind == "TimeoutError" else "error"
    attributes = {
        "persona.run.id": line.run_id,
        "persona.id": line.persona_id,
        "persona.stage": line.stage,
        "persona.attempt.number": line.attempt,
        "persona.attempt.status": line.status,
        "persona.attempt.outcome": failure if line.status == "fail" else "ok",
        "persona.attempt.latency_ms": line.latency_ms,
        "persona.attempt.error": line.error,
        "error.type": kind if said else None,
        "persona.repairs": line.repairs,
        "persona.opening_move": line.opening_move,
        "persona.constraint_categories": line.constraint_categories,
        "persona.anchors_used": line.anchors_used,
        "persona.tier": line.tier,
        "persona.target": line.target,
        "persona.symbol": line.symbol,
        "gen_ai.usage.input_tokens": line.prompt_tokens or None,
        "gen_ai.usage.output_tokens": line.completion_tokens or None,
        "gen_ai.request.model": line.model,
        **{
            f"persona.validator.score.{name}": score
            for name, score in line.validator_scores.items()
        },
    }
    return {key: value for key, value in attributes.items() if value not in (None, [])}


def attributes_of_scope(line: AttemptRecord, inside: Iterable[AttemptRecord]) -> dict[str, Any]:
    """Return the attributes of the scope that this line's attempt, of those ``inside``, is in."""
    stages = Counter(each.stage for each in inside if each.persona_id == line.persona_id)
    return {
        "persona.run.id": line.run_id,
        "persona.id": line.persona_id,
        "persona.tier": line.tier,
        "persona.target": line.target,
        "persona.symbol": line.symbol,
        **{f"persona.attempts.{stage}": count for stage, count in stages.items()},
    }


def by_span(lines: Iterable[AttemptRecord]) -> dict[str, AttemptRecord]:
    """Return the lines by the id of their span."""
    return {line.span_id or "": line for line in lines}
