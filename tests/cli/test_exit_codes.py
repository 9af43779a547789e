"""Wrong use, bad lines and alarms: what is said, and the exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Cli = Callable[..., CompletedProcess[str]]
Line = Callable[..., bytes]
COMMANDS = ["analyze", "cost", "repairs", "pollyanna"]


def _refused(done: CompletedProcess[str]) -> str:
    """Check that a command ended with one sentence, and give it."""
    assert done.returncode == 2
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    return sentence


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["analyse"], "No such command"),
        (["--colour"], "No such option"),
        (["analyze"], "Missing argument 'LOG...'"),
        (["analyze", "x", "--batch", "personas:0"], "'personas:0' is not a batch policy; write"),
        (["analyze", "x", "--by", "symbol"], "'symbol' is not one of"),
        (["analyze", "x", "--fail-on", "healthy"], "'healthy' is not one of"),
        (["analyze", "x", "--by", "stage", "--fail-on", "warning"], "leave out --by"),
        (["analyze", "x", "--by", "stage", "--batch", "prefix"], "leave out --by"),
        (["pollyanna", "-", "--batch", "prefix"], "grouped by sequence:N, not by prefix"),
    ],
)
def test_wrong_use_is_one_sentence(arguments: list[str], said: str, cli: Cli) -> None:
    """It names the value, and what would be right."""
    sentence = _refused(cli(*arguments))
    assert sentence.startswith("otel-persona: ")
    assert said in sentence


@pytest.mark.parametrize("name", COMMANDS)
def test_what_cannot_be_read_is_one_sentence(
    name: str, cli: Cli, line: Line, log: Callable[..., str], tmp_path: Path
) -> None:
    """A missing path, a folder, or no record at all."""
    missing = str(tmp_path / "nowhere.log")
    assert _refused(cli(name, missing)) == f"otel-persona: {missing}: No such file or directory"
    assert _refused(cli(name, str(tmp_path))).endswith("is a folder; name the logs in it")
    empty = log(b"\n")
    assert _refused(cli(name, empty)).endswith(f"no valid attempt record in {empty}")
    assert _refused(cli(name, "-")).endswith("no valid attempt record in <stdin>")


def test_several_runs_need_a_choice(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """The error lists them; with ``--run`` the figures are those of one."""
    path = log(line(run_id="25K_a"), line(run_id="50K_b"), line(run_id="50K_b"))
    sentence = _refused(cli("analyze", path))
    assert "'50K_b' (2 attempts), '25K_a' (1 attempt)" in sentence
    document = json.loads(cli("analyze", path, "--run", "50K_b", "--format", "json").stdout)
    assert (document["run_id"], document["tier"]["tier"]) == ("50K_b", "50K")
    assert document["tier"]["total_attempts"] == 2
    assert "50K_b" in _refused(cli("analyze", path, "--run", "c"))


def test_one_of_several_tiers(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """Its figures do not depend on the order of the logs; without a choice a note says so."""
    one = log(line(), name="one.log")
    two = log(line(tier="50K") * 2, name="two.log")
    for paths in ((one, two), (two, one)):
        chosen = cli("analyze", *paths, "--tier", "50K", "--format", "json")
        tier = json.loads(chosen.stdout)["tier"]
        assert (tier["tier"], tier["total_attempts"], chosen.stderr) == ("50K", 2, "")
        pooled = cli("analyze", *paths, "--format", "json")
        tier = json.loads(pooled.stdout)["tier"]
        assert (tier["tier"], tier["total_attempts"]) == ("25K", 3)
        assert "'50K' (2 attempts), '25K' (1 attempt)" in pooled.stderr
    for by in ("persona", "stage"):
        assert "--tier" in cli("analyze", one, two, "--by", by).stderr
        assert "--tier" not in cli("analyze", one, two, "--by", by, "--tier", "25K").stderr
    assert "'50K' (2 attempts)" in _refused(cli("analyze", one, two, "--tier", "c"))


@pytest.mark.parametrize("name", ["cost", "repairs", "pollyanna"])
def test_quick_commands_count_all_tiers_together(
    name: str, cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """As in jq, which knows of no tiers."""
    assert cli(name, log(line(), line(tier="50K"))).returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_bad_lines_are_named_and_not_fatal(
    name: str, cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """The first of them with file, line and reason; the rest is counted, never silent."""
    path = log(line(), b"bad\n" * 30, line())
    done = cli(name, path)
    assert done.returncode == 0
    said = done.stdout + done.stderr
    assert f"skipped {path}:2: not JSON" in said
    assert f"skipped {path}:21: not JSON" in said
    assert f"{path}:22" not in said
    assert re.search(r"skipped 10 more lines; analyze LOG\.\.\. .*--format json names each", said)


def test_the_command_that_names_all_is_one_that_does(
    cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """Also of the ids that ``pollyanna`` alone cannot use."""
    path = log(line(), b"bad\n" * 5, line(persona_id="cahul") * 16, line(persona_id="2"))
    more = re.search(r"skipped 1 more line; (analyze .*) names each", cli("pollyanna", path).stderr)
    assert more is not None
    named = cli(*more.group(1).replace("LOG...", path).split())
    assert len(json.loads(named.stdout)["skipped"]) == 21


def test_no_command_is_named_where_none_would_do(cli: Cli, log: Callable[..., str]) -> None:
    """Without any attempt there is no JSON either."""
    done = cli("analyze", log(b"bad\n" * 30), "--format", "json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "otel-persona: skipped 10 more lines\n" in done.stderr


def test_json_names_every_bad_line(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """Not the first few alone."""
    path = log(line(), b"bad\n" * 30)
    skipped = json.loads(cli("analyze", path, "--format", "json").stdout)["skipped"]
    assert [skip["line"] for skip in skipped] == list(range(2, 32))
    assert {skip["file"] for skip in skipped} == {path}
    assert all(skip["reason"] for skip in skipped)


@pytest.mark.parametrize("output", ["table", "json"])
def test_strict_makes_bad_lines_an_error(
    output: str, cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """They are named all the same, and a clean log passes."""
    good = log(line(), name="good.log")
    bad = log(line(), b"bad\n", name="bad.log")
    assert cli("analyze", good, "--strict", "--format", output).returncode == 0
    done = cli("analyze", good, bad, "--strict", "--format", output)
    assert done.returncode == 2
    assert "bad.log" in done.stdout
    assert done.stderr.splitlines() == ["otel-persona: lines skipped: 1, and --strict forbids any"]


def test_bad_lines_are_named_where_nothing_else_is_there(cli: Cli, log: Callable[..., str]) -> None:
    """Who gives the wrong file sees why no line of it counts."""
    path = log(b"bad\n")
    done = cli("analyze", path)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith(f"otel-persona: skipped {path}:1: not JSON")
    assert second == f"otel-persona: there is no valid attempt record in {path}"


def _batches(line: Line, *rates: float) -> list[bytes]:
    """Make batches of ten attempts, healthy but for the share of repairs."""
    return [
        line(
            persona_id=f"{batch}-{number}",
            repairs=["trait_leak"] if number < rate * 10 else [],
            opening_move="abcdefghij"[number],
            anchors_used=[f"anchor {number}"],
        )
        for batch, rate in enumerate(rates)
        for number in range(10)
    ]


@pytest.mark.parametrize(
    ("rates", "level", "code"),
    [
        ((0.0, 0.0), "warning", 0),
        ((0.0, 0.0, 0.1), "warning", 1),
        ((0.0, 0.0, 0.1), "critical", 0),
        ((0.0, 0.3, 0.0), "warning", 1),
        ((0.0, 0.3, 0.0), "critical", 1),
    ],
)
def test_fail_on_finds_a_band_or_a_worse_one(
    rates: tuple[float, ...], level: str, code: int, cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """In any complete batch, not the last one alone."""
    path = log(*_batches(line, *rates))
    done = cli("analyze", path, "--batch", "personas:10", "--fail-on", level)
    assert done.returncode == code, done.stderr


def test_fail_on_names_the_first_it_found(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """One sentence, after the whole output."""
    path = log(*_batches(line, 0.0, 0.1, 0.3))
    arguments = ("analyze", path, "--batch", "personas:10", "--format", "json")
    done = cli(*arguments, "--fail-on", "warning")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "otel-persona: batch 1: repair_rate is warning (0.1), as specified"
    ]
    assert done.stdout == cli(*arguments).stdout


def test_fail_on_looks_at_a_partial_batch_where_there_is_no_other(
    cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """A short log is no reason to look away; beside complete batches a stump is."""
    path = log(*_batches(line, 0.3))
    assert cli("analyze", path, "--fail-on", "critical").returncode == 1
    path = log(*_batches(line, 0.0), *_batches(line, 0.3)[:3])
    done = cli("analyze", path, "--batch", "attempts:10", "--fail-on", "critical")
    assert done.returncode == 0


def test_bad_lines_outweigh_alarms(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """An input that is not fit to be judged is not judged."""
    path = log(*_batches(line, 0.3), b"bad\n")
    assert cli("analyze", path, "--strict", "--fail-on", "warning").returncode == 2
