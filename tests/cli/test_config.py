"""``config``: every setting and where it came from, and everything that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import msgspec
import pytest

from otel_persona.settings import Settings

Cli = Callable[..., CompletedProcess[str]]


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """Write a settings file that sets parts of sections."""
    path = tmp_path / "persona.yaml"
    path.write_text(
        "batch: attempts:2\nstages: [B, X]\nprices: {models: {gpt-4.1: 0.06}}\n"
        "indicators: {repair_rate: {warning: 0.05}}\n"
    )
    return str(path)


def _shown(cli: Cli, *arguments: str, **variables: str) -> dict[str, Any]:
    done = cli("config", "--show", "--format", "json", *arguments, env=variables)
    assert (done.returncode, done.stderr) == (0, "")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_every_setting_has_its_value_and_its_origin(cli: Cli, settings: str) -> None:
    """A part of a section has an origin of its own; the file beats the environment."""
    shown = _shown(
        cli, "--settings", settings, OTEL_PERSONA_TIER="25K", OTEL_PERSONA_BATCH="prefix"
    )["settings"]

    assert shown["tier"] == {"value": "25K", "origin": "OTEL_PERSONA_TIER"}
    assert shown["batch"] == {"value": "attempts:2", "origin": settings}
    assert shown["stages"] == {"value": ["B", "X"], "origin": settings}
    assert shown["prices.models.gpt-4.1"] == {"value": 0.06, "origin": settings}
    assert shown["prices.default"] == {"value": 0.00045, "origin": "default"}
    assert shown["indicators.repair_rate.warning"] == {"value": 0.05, "origin": settings}
    assert shown["indicators.repair_rate.critical"] == {"value": 0.2, "origin": "default"}
    assert shown["run_id"] == {"value": None, "origin": "default"}
    tops = dict.fromkeys(name.partition(".")[0] for name in shown)
    assert list(tops) == list(msgspec.to_builtins(Settings()))


def test_the_parts_of_sidecars_say_which_name_they_were_read_from(cli: Cli, tmp_path: Path) -> None:
    """``safety.metrics`` beats ``safety.telemetry``, so whoever writes both can see it."""
    path = tmp_path / "persona.yaml"
    path.write_text("safety: {telemetry: {checkpoint_s: 2, lock: false}, metrics: {lock: true}}")
    shown = _shown(cli, "--settings", str(path))["settings"]

    parts = {name: shown[f"safety.telemetry.{name}"] for name in ("checkpoint_s", "lock", "naming")}
    assert parts == {
        "checkpoint_s": {"value": 2.0, "origin": str(path)},
        "lock": {"value": True, "origin": f"{path}: safety.metrics"},
        "naming": {"value": "telemetry", "origin": "default"},
    }
    assert not any(name.startswith("safety.metrics") for name in shown)


def test_the_table_says_what_json_says(cli: Cli, settings: str) -> None:
    """A row for each setting and each standard variable."""
    variables = {"OTEL_PERSONA_SETTINGS": settings, "OTEL_SERVICE_NAME": "personas"}
    document = _shown(cli, **variables)
    done = cli("config", "--show", env=variables)

    assert (done.returncode, done.stderr) == (0, "")
    rows = {row.split()[0]: row.split()[1:] for row in done.stdout.splitlines() if row.strip()}
    for name, setting in document["settings"].items():
        assert rows[name][-1] == setting["origin"]
    assert rows["stages"][:-1] == ["B,", "X"]
    assert rows["strict"] == ["false", "default"]
    assert rows["run_id"] == ["-", "default"]
    assert document["variables"] == {"OTEL_SERVICE_NAME": "personas"}
    assert rows["OTEL_SERVICE_NAME"] == ["personas"]


def test_secrets_are_masked(cli: Cli, tmp_path: Path) -> None:
    """What is shown can be pasted into a report."""
    path = tmp_path / "persona.yaml"
    path.write_text("otlp: https://me:SECRET@collector:4318/x?key=SECRET\n")
    variables = {
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20SECRET, x-scope = SECRET,SECRET",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=SECRET==",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:SECRET/SECRET@collector:4318?token=SECRET",
        "OTEL_EXPORTER_PASSWORD": "SECRET",
        "OTEL_PERSONA_SETTINGS": str(path),
    }
    document = _shown(cli, **variables)

    assert "SECRET" not in json.dumps(document)
    assert "SECRET" not in cli("config", "--show", env=variables).stdout
    assert document["settings"]["otlp"]["value"] == "https://***@collector:4318/x?***"
    assert document["variables"] == {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://***@collector:4318?***",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=***, x-scope=***, ***",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=***",
        "OTEL_EXPORTER_PASSWORD": "***",
    }


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://me:SEC?RET@h:1", "http://***@h:1"),
        ("http://me:SEC\nRET@h:1", "http://***@h:1"),
        ("http://h:1#SECRET", "http://h:1#***"),
        ("me:SECRET@h:4317", "***@h:4317"),
        ("http://h:4318/v1", "http://h:4318/v1"),
        ("h:4317", "h:4317"),
    ],
)
def test_odd_addresses_are_masked_too(cli: Cli, address: str, shown: str) -> None:
    """Passwords hold characters that they should not, and gRPC wants no scheme."""
    variables = _shown(cli, OTEL_EXPORTER_OTLP_ENDPOINT=address)["variables"]
    assert variables == {"OTEL_EXPORTER_OTLP_ENDPOINT": shown}


def test_bytes_that_are_no_text_are_escaped(cli: Cli) -> None:
    """File names hold any bytes, and JSON cannot carry them."""
    document = _shown(cli, OTEL_PERSONA_LOG="a\udcff.log", OTEL_SERVICE_NAME="\udcfe")
    assert document["settings"]["log"]["value"] == r"a\udcff.log"
    assert document["variables"] == {"OTEL_SERVICE_NAME": r"\udcfe"}


def test_a_refused_address_is_masked(cli: Cli, tmp_path: Path) -> None:
    """The sentence that says what is wrong is pasted into reports as well."""
    path = tmp_path / "persona.yaml"
    path.write_text("otlp: htp://me:SECRET@h:1\n")
    for arguments in (
        ("config", "--check", "--settings", str(path)),
        ("doctor", "--otlp", "htp://me:SECRET@h:1"),
    ):
        done = cli(*arguments)
        assert done.returncode == 2
        assert "htp://***@h:1" in done.stderr
        assert "SECRET" not in done.stderr


def test_right_settings_are_fine(cli: Cli, settings: str) -> None:
    """One word and exit code 0, for scripts."""
    done = cli("config", "--check", "--settings", settings)
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


def test_every_problem_is_named(cli: Cli, tmp_path: Path) -> None:
    """Of the file, of the variables and of what this machine lacks, and the exit code is 2."""
    path = tmp_path / "persona.yaml"
    path.write_text(
        "batch: daily\nindicators: {repair_rate: {warning: 0.5}, mean_latency: {warning: 0.3}}\n"
    )
    variables = {
        "OTEL_PERSONA_LOG": str(tmp_path),
        "OTEL_PERSONA_TEIR": "25K",
        "OTEL_TRACES_EXPORTER": "jaegr",
    }
    done = cli("config", "--check", "--settings", str(path), env=variables)

    assert (done.returncode, done.stdout) == (2, "")
    problems = [row.removeprefix("otel-persona: ") for row in done.stderr.splitlines()]
    assert [problem.split(": ")[0] for problem in problems] == [
        "OTEL_PERSONA_TEIR",
        str(path),
        str(path),
        "OTEL_PERSONA_LOG",
        "OTEL_TRACES_EXPORTER",
    ]
    assert "did you mean OTEL_PERSONA_TIER?" in problems[0]
    assert "indicators.repair_rate: warning must not lie above critical" in problems[2]


def test_wrong_settings_are_shown_as_far_as_they_are_right(cli: Cli) -> None:
    """The rest is named, and a script that reads the output is warned by the exit code."""
    variables = {"OTEL_PERSONA_TIER": "25K", "OTEL_PERSONA_BATCH": "daily"}
    done = cli("config", "--show", "--format", "json", env=variables)

    assert done.returncode == 2
    assert done.stderr.startswith("otel-persona: OTEL_PERSONA_BATCH: 'daily' is not right")
    assert json.loads(done.stdout)["settings"]["tier"]["value"] == "25K"
    assert json.loads(done.stdout)["settings"]["batch"]["origin"] == "default"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give either --show or --check"),
        (("--show", "--check"), "give either --show or --check"),
        (("--check", "--format", "json"), "--format speaks of --show; leave it out"),
    ],
)
def test_wrong_use_is_one_sentence(arguments: tuple[str, ...], said: str, cli: Cli) -> None:
    """It says what would be right."""
    done = cli("config", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"otel-persona: {said}\n"
