"""Where ``analyze`` takes its thresholds, prices and batch policy from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Cli = Callable[..., CompletedProcess[str]]


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """Write a settings file."""
    path = tmp_path / "settings.toml"
    path.write_text(
        'batch = "attempts:2"\ntier = "mine"\n'
        "[indicators.repair_rate]\nwarning = 0.6\ncritical = 0.9\n"
        "[prices]\ndefault = 1.0\n"
    )
    return str(path)


@pytest.fixture
def path(line: Callable[..., bytes], log: Callable[..., str]) -> str:
    """Write a log of six attempts, half of them repaired."""
    return log(*(line(repairs=["x"] * (number % 2)) for number in range(6)))


def _document(done: CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_a_settings_file_is_used(cli: Cli, path: str, settings: str) -> None:
    """Its batch policy, tier, thresholds and prices."""
    document = _document(cli("analyze", path, "--settings", settings, "--format", "json"))
    assert [batch["batch_size"] for batch in document["batches"]] == [2, 2, 2]
    assert document["tier"]["tier"] == "mine"
    first = document["batches"][0]
    assert first["indicators"]["repair_rate"]["band"] == "healthy"
    assert first["indicators"]["repair_rate"]["limits"] == {"warning": 0.6, "critical": 0.9}
    assert first["cost_usd"] == 1.54


def test_an_option_beats_the_file_and_the_file_beats_the_environment(
    cli: Cli, path: str, settings: str
) -> None:
    """The order of strength that the live library has."""
    env = {"OTEL_PERSONA_BATCH": "attempts:3", "OTEL_PERSONA_TIER": "theirs"}
    document = _document(cli("analyze", path, "--format", "json", env=env))
    assert (len(document["batches"]), document["tier"]["tier"]) == (2, "theirs")
    env["OTEL_PERSONA_SETTINGS"] = settings
    document = _document(cli("analyze", path, "--format", "json", env=env))
    assert (len(document["batches"]), document["tier"]["tier"]) == (3, "mine")
    arguments = ("analyze", path, "--batch", "attempts:6", "--format", "json")
    assert len(_document(cli(*arguments, env=env))["batches"]) == 1


def test_a_validators_direction_is_told_and_no_alarm_raised(
    cli: Cli, line: Callable[..., bytes], log: Callable[..., str], tmp_path: Path
) -> None:
    """The table gives slope and direction; what is noise in them is not for it to say."""
    settings = tmp_path / "settings.toml"
    settings.write_text('batch = "attempts:1"\n[directions]\nlength = "band"\n')
    names = ("length", "opening_variation", "pollyanna", "trait_leak", "unknown")
    path = log(*(line(validator_scores=dict.fromkeys(names, score)) for score in (0.1, 0.1001)))
    shown = cli("analyze", path, "--settings", str(settings)).stdout
    rows = [row.split(None, 3) for row in shown.splitlines() if "(validator)" in row]
    assert [[row[0], row[2], *(text.strip() for text in row[3:])] for row in rows] == [
        ["length", "+0.0001", "worse both ways"],
        ["opening_variation", "+0.0001", "higher is better"],
        ["pollyanna", "+0.0001", "higher is worse"],
        ["trait_leak", "+0.0001", "higher is worse"],
        ["unknown", "+0.0001"],
    ]


def test_every_problem_of_the_settings_is_named(cli: Cli, path: str, tmp_path: Path) -> None:
    """At once, a sentence for each."""
    bad = tmp_path / "settings.yaml"
    bad.write_text("batch: daily\nprices: {default: -1}\n")
    done = cli("analyze", path, "--settings", str(bad))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 2
    assert all(row.startswith("otel-persona: ") for row in done.stderr.splitlines())
    missing = cli("analyze", path, "--settings", str(tmp_path / "nowhere.yaml"))
    assert missing.returncode == 2
    assert "cannot be read" in missing.stderr
