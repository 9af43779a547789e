"""The three jq commands of the specification and their equals, on the same log."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed"),
]

Cli = Callable[..., subprocess.CompletedProcess[str]]
Line = Callable[..., bytes]
# The specification's lines; the first two with the parentheses that make them valid jq.
REPAIRS = """group_by(.persona_id | split("-")[0]) |
    map({batch: .[0].persona_id,
         repair_rate: ((map(select(.repairs | length > 0)) | length) / length)})"""
POLLYANNA = """group_by(.persona_id | tonumber / 1000 | floor) |
    map({batch: .[0].persona_id,
         mean_pol: ((map(.validator_scores.pollyanna) | add) / length)})"""
COST = "map(.prompt_tokens + .completion_tokens) | add | . * 0.00045 / 1000"
SCORED = "map(select(.validator_scores.pollyanna)) | "


def _jq(program: str, path: str) -> Any:
    done = subprocess.run(
        ["jq", "-s", program, path], capture_output=True, timeout=60, check=True, text=True
    )
    return json.loads(done.stdout)


def _ours(cli: Cli, *arguments: str) -> Any:
    done = cli(*arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def grouped_log(line: Line, log: Callable[..., str]) -> str:
    """Write a log whose ids have the form batch-sequence, in no order."""
    places = ["cahul", "bălți", "cahul!", "10", "9", "", "ungheni-nord"]
    return log(
        *(
            line(
                persona_id=f"{places[number * 5 % 7]}-{number}",
                repairs=["trait_leak"] * (number * number % 3),
                prompt_tokens=number * 7,
            )
            for number in range(200)
        ),
        line(persona_id="noprefix"),
    )


@pytest.fixture
def numbered_log(line: Line, log: Callable[..., str]) -> str:
    """Write a log with numeric ids across several thousands, in no order, all with a score."""
    return log(
        *(
            line(
                persona_id=str(number * 7919 % 5000),
                validator_scores={"pollyanna": number % 97 / 97},
            )
            for number in range(700)
        )
    )


def test_cost_is_that_of_jq(cli: Cli, real_log: str, grouped_log: str) -> None:
    """To the last bit."""
    for path in (real_log, grouped_log):
        assert _ours(cli, "cost", path) == _jq(COST, path)


def test_repair_rates_are_those_of_jq(cli: Cli, real_log: str, grouped_log: str) -> None:
    """The same groups under the same names in the same order, to the last bit."""
    for path in (real_log, grouped_log):
        assert _ours(cli, "repairs", path) == _jq(REPAIRS, path)


def test_pollyanna_means_are_those_of_jq(cli: Cli, numbered_log: str) -> None:
    """The same groups; jq adds floats one after the other, so the last bits may differ."""
    ours, jq = _ours(cli, "pollyanna", numbered_log), _jq(POLLYANNA, numbered_log)
    assert len(jq) == 5
    assert [group["batch"] for group in ours] == [group["batch"] for group in jq]
    for one, other in zip(ours, jq, strict=True):
        assert one["mean_pol"] == pytest.approx(other["mean_pol"], rel=1e-13)


def test_attempts_without_a_score_are_left_out(cli: Cli, real_log: str) -> None:
    """Where jq counts them as zero; among the scored ones both agree, and the number is told."""
    (ours,) = _ours(cli, "pollyanna", real_log)
    (scored,) = _jq(SCORED + POLLYANNA, real_log)
    assert ours["mean_pol"] == pytest.approx(scored["mean_pol"], rel=1e-13)
    unscored = 600 - _jq(SCORED + "length", real_log)
    assert unscored > 0
    said = cli("pollyanna", real_log).stderr
    assert said == (
        f"otel-persona: {unscored} attempts without a pollyanna score are left out of the means\n"
    )
