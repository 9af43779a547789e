"""The figures of batches against SQL over the same file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from otel_persona.aggregation import Aggregator, BatchSummary
from otel_persona.records import AttemptRecord, decode_line, encode_line, format_timestamp
from otel_persona.settings import Settings

SIZE = 40
COLUMNS = {
    "ts": "VARCHAR",
    "persona_id": "VARCHAR",
    "status": "VARCHAR",
    "latency_ms": "BIGINT",
    "prompt_tokens": "BIGINT",
    "completion_tokens": "BIGINT",
    "repairs": "VARCHAR[]",
    "validator_scores": "MAP(VARCHAR, DOUBLE)",
    "opening_move": "VARCHAR",
    "anchors_used": "VARCHAR[]",
}
FIGURES = """
    with attempts as (select *, persona_id::BIGINT // $size as batch from lines),
    anchors as (
        select batch, count(distinct anchor) as distinct_anchors
        from (select batch, unnest(anchors_used) as anchor from attempts) group by batch
    )
    select
        batch::VARCHAR as key,
        count(distinct persona_id) as personas,
        min(ts) as start,
        max(ts) as end,
        count(*) as batch_size,
        avg((status = 'success')::INT) as success_rate,
        avg(latency_ms) as mean_latency_ms,
        quantile_cont(latency_ms, 0.95) as p95_latency_ms,
        avg(latency_ms) filter (status = 'success') as mean_latency_success_ms,
        quantile_cont(latency_ms, 0.95) filter (status = 'success') as p95_latency_success_ms,
        avg((len(repairs) > 0)::INT) as repair_rate,
        entropy(opening_move) filter (opening_move is not null) as opening_move_entropy,
        any_value(distinct_anchors) / count(*) as anchor_diversity,
        sum(prompt_tokens + completion_tokens)::BIGINT as total_tokens,
        total_tokens * 0.00045 / 1000 as cost_usd,
        avg(validator_scores['trait_leak']) as trait_leak,
        avg(validator_scores['opening_variation']) as opening_variation,
        avg(validator_scores['pollyanna']) as pollyanna,
        avg(validator_scores['anchor_specificity']) as anchor_specificity
    from attempts join anchors using (batch) group by batch order by batch
"""
REPAIRS = """
    select kind, count(*) from (
        select unnest(repairs) as kind from lines where persona_id::BIGINT // $size = $batch
    ) group by kind
"""


@pytest.fixture(scope="module")
def log(
    make_record: Callable[..., AttemptRecord], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Write a log of 200 personas in five batches, with repeated attempts, out of order."""
    draw = np.random.default_rng(20260131)
    path = tmp_path_factory.mktemp("duckdb") / "generation.log"
    with path.open("wb") as file:
        for number in range(700):
            file.write(encode_line(make_record(**_fields(draw, number))))
    return path


def _fields(draw: np.random.Generator, number: int) -> dict[str, Any]:
    return {
        "ts": format_timestamp(1_769_869_921_234_000 + int(draw.integers(10**9)) * 1000),
        "persona_id": str(number % 200),
        "attempt": number // 200 + 1,
        "status": str(draw.choice(["success", "fail", "repair"], p=[0.8, 0.1, 0.1])),
        "latency_ms": round(draw.lognormal(7, 0.6)),
        "prompt_tokens": int(draw.integers(300, 600)),
        "completion_tokens": int(draw.integers(500)),
        "repairs": draw.choice(["trait_leak", "opening_repetition"], draw.integers(3)).tolist(),
        "validator_scores": {
            name: draw.random()
            for name in ("trait_leak", "opening_variation", "pollyanna", "anchor_specificity")
            if draw.random() < 0.7
        },
        "opening_move": draw.choice([*"abcd", None]),
        "anchors_used": [f"piața {place}" for place in draw.integers(60, size=draw.integers(4))],
    }


@pytest.fixture(scope="module")
def database(log: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a database with the log as its view ``lines``."""
    with duckdb.connect() as connection:
        lines = connection.read_json(str(log), columns=COLUMNS, format="newline_delimited")
        lines.create_view("lines")
        yield connection


@pytest.fixture(scope="module")
def summaries(log: Path) -> list[BatchSummary]:
    """Aggregate the log as it is read back."""
    aggregator = Aggregator(Settings(batch=f"sequence:{SIZE}"))
    with log.open("rb") as file:
        for line in file:
            assert aggregator.add(decode_line(line)) == []
    return aggregator.finish()


def test_every_figure_is_that_of_sql(
    database: duckdb.DuckDBPyConnection, summaries: list[BatchSummary]
) -> None:
    """Batch by batch, each specified figure equals what DuckDB makes of the same lines."""
    table = database.execute(FIGURES, {"size": SIZE})
    names = [column[0] for column in table.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in table.fetchall()]
    assert len(rows) == len(summaries) == 5
    for row, summary in zip(rows, summaries, strict=True):
        for name, expected in row.items():
            ours = getattr(summary, name, summary.mean_validator_scores.get(name))
            if isinstance(expected, float):
                assert ours == pytest.approx(expected, rel=1e-12), name
            else:
                assert ours == expected, name


def test_the_breakdown_of_repairs_is_that_of_sql(
    database: duckdb.DuckDBPyConnection, summaries: list[BatchSummary]
) -> None:
    """Each kind of repair is counted once for each time it stands in a line."""
    for number, summary in enumerate(summaries):
        rows = database.execute(REPAIRS, {"size": SIZE, "batch": number}).fetchall()
        assert summary.repair_breakdown == dict(rows)
