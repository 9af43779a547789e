"""What ``cost``, ``repairs`` and ``pollyanna`` do beyond their jq equals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Cli = Callable[..., CompletedProcess[str]]
Line = Callable[..., bytes]


def test_cost_takes_prices_from_the_settings(
    cli: Cli, line: Line, log: Callable[..., str], tmp_path: Path
) -> None:
    """A price for all models, and others by name."""
    path = log(line(), line(model="large"))
    prices = tmp_path / "settings.yaml"
    prices.write_text("prices: {default: 1.0, models: {large: 10.0}}")
    done = cli("cost", path, "--settings", str(prices), "--format", "json")
    assert json.loads(done.stdout) == 0.77 + 7.7


def test_tables_show_what_json_shows(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """With the number of attempts behind each figure."""
    path = log(
        line(persona_id="1999", repairs=["x"]),
        line(persona_id="1000", validator_scores={}),
        line(persona_id="5"),
    )
    assert ["3", "1,350", "960", "2,310", "0.0010"] in _rows(cli("cost", path))
    assert ["1999", "1", "1", "100.0%"] in _rows(cli("repairs", path))
    assert ["1999", "2", "1", "0.600"] in _rows(cli("pollyanna", path))


def _rows(done: CompletedProcess[str]) -> list[list[str]]:
    assert done.returncode == 0
    return [row.split() for row in done.stdout.splitlines()]


def test_ids_that_are_no_numbers_are_named_and_skipped(
    cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """Where jq would stop with an error."""
    path = log(line(persona_id="1"), line(persona_id="cahul-2"))
    done = cli("pollyanna", path, "--format", "json")
    assert json.loads(done.stdout) == [{"batch": "1", "mean_pol": 0.6}]
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"otel-persona: skipped {path}:2: persona_id 'cahul-2' is not a whole")


def test_a_group_without_scores_has_no_mean(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """Null in JSON, a dash in the table."""
    path = log(line(persona_id="1", validator_scores={}))
    done = cli("pollyanna", path, "--format", "json")
    assert json.loads(done.stdout) == [{"batch": "1", "mean_pol": None}]
    assert ["1", "1", "0", "-"] in _rows(cli("pollyanna", path))


@pytest.mark.parametrize(("size", "groups"), [("2", ["1", "2"]), ("100", ["1"])])
def test_pollyanna_groups_can_have_another_size(
    size: str, groups: list[str], cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """The batch policy's own form."""
    path = log(line(persona_id="1"), line(persona_id="2"), line(persona_id="3"))
    done = cli("pollyanna", path, "--batch", f"sequence:{size}", "--format", "json")
    assert [group["batch"] for group in json.loads(done.stdout)] == groups


def test_all_runs_count_together(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """As in jq, which knows of no runs."""
    path = log(line(run_id="a"), line(run_id="b"))
    done = cli("cost", path, "--format", "json")
    assert json.loads(done.stdout) == 1540 * 0.00045 / 1000
