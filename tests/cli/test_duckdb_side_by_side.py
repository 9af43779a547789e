"""The figures of a real log as the command line gives them, and as SQL does."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import duckdb
import pytest

Cli = Callable[..., CompletedProcess[str]]

BATCHES = """
    with numbered as (
        select *, (row_number() over () - 1) // 100 as batch
        from read_json(?, format = 'newline_delimited')
    )
    select count(*), avg((len(repairs) > 0)::INT), avg((status = 'success')::INT),
        quantile_cont(latency_ms, 0.95), sum(prompt_tokens + completion_tokens) * 0.00045 / 1000
    from numbered group by batch order by batch
"""
PERSONAS = """
    select persona_id::VARCHAR, count(*), sum(len(repairs)), sum(prompt_tokens),
        sum(completion_tokens), last(status order by ts, number)
    from (select *, row_number() over () as number
          from read_json(?, format = 'newline_delimited'))
    group by persona_id
"""


def test_batches_are_those_of_sql(cli: Cli, real_log: str) -> None:
    """Repair rate, success rate, latency and cost of every hundred attempts."""
    done = cli("analyze", real_log, "--batch", "attempts:100", "--format", "json")
    batches = json.loads(done.stdout)["batches"]
    rows = duckdb.execute(BATCHES, [real_log]).fetchall()
    names = ["batch_size", "repair_rate", "success_rate", "p95_latency_ms", "cost_usd"]
    assert len(rows) == len(batches) == 6
    for row, batch in zip(rows, batches, strict=True):
        assert [batch[name] for name in names] == pytest.approx(row, rel=1e-12)


def test_personas_are_those_of_sql(cli: Cli, real_log: str) -> None:
    """Attempts, repairs, tokens and final status of each."""
    done = cli("analyze", real_log, "--by", "persona", "--format", "json")
    ours = {
        persona["persona_id"]: (
            persona["attempts"],
            sum(persona["repairs"].values()),
            persona["prompt_tokens"],
            persona["completion_tokens"],
            persona["final_status"],
        )
        for persona in json.loads(done.stdout)["personas"]
    }
    rows = duckdb.execute(PERSONAS, [real_log]).fetchall()
    assert ours == {persona_id: tuple(rest) for persona_id, *rest in rows}


def test_cost_is_that_of_sql(cli: Cli, real_log: str) -> None:
    """Of the whole log, all models at the one price."""
    done = cli("cost", real_log, "--format", "json")
    total = duckdb.execute(
        "select sum(prompt_tokens + completion_tokens) * 0.00045 / 1000 "
        "from read_json(?, format = 'newline_delimited')",
        [real_log],
    ).fetchone()
    assert total is not None
    assert json.loads(done.stdout) == pytest.approx(float(total[0]), rel=1e-12)
