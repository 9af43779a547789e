"""Every command says what it does, what each option means, and how it is used."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CompletedProcess

import click
import pytest

from otel_persona.cli.command_group import otel_persona

Cli = Callable[..., CompletedProcess[str]]
NAMES = [
    "demo",
    "analyze",
    "cost",
    "repairs",
    "pollyanna",
    "rollup",
    "drift",
    "trend",
    "runs",
    "mark-good",
    "config",
    "doctor",
]


def test_all_commands_are_listed(cli: Cli) -> None:
    """The main job comes first."""
    listed = cli("--help").stdout.partition("Commands:")[2].splitlines()
    assert [row.split()[0] for row in listed if row.strip()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_help_ends_with_an_example(name: str, cli: Cli) -> None:
    """What follows the text is a command that can be typed."""
    done = cli(name, "--help")
    assert done.returncode == 0
    description = done.stdout.partition("Options:")[0].rstrip().splitlines()
    assert "  Example:" in description
    assert description[-1].strip().startswith(f"otel-persona {name}")


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_explained(name: str) -> None:
    """No option is without help."""
    command = otel_persona.get_command(click.Context(otel_persona), name)
    assert command is not None
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert options
    assert [option.name for option in options if not option.help] == []


def test_defaults_are_shown(cli: Cli) -> None:
    """A user need not look them up elsewhere."""
    text = " ".join(cli("analyze", "--help").stdout.split())
    assert "[default: table]" in text
    assert "personas:1000)]" in text


def test_help_says_how_completion_is_switched_on(cli: Cli) -> None:
    """The shell's own mechanism, in one line."""
    assert "_OTEL_PERSONA_COMPLETE=bash_source" in cli("--help").stdout


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("otel-persona pol", "plain,pollyanna"), ("otel-persona analyze gen", "file,gen")],
)
def test_completion_knows_commands_and_files(typed: str, completed: str, cli: Cli) -> None:
    """Commands complete by name, logs as paths."""
    words = {
        "_OTEL_PERSONA_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    assert cli(env=words).stdout.split() == [completed]


def test_version_is_told(cli: Cli) -> None:
    """By name and number."""
    done = cli("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("otel-persona ")


def test_without_a_command_there_is_help(cli: Cli) -> None:
    """Who types the name alone sees what there is."""
    assert cli().stdout == cli("--help").stdout


def test_commands_are_imported_when_they_are_called(
    cli: Cli, line: Callable[..., bytes], log: Callable[..., str]
) -> None:
    """Starting stays fast: one command does not pay for another, nor JSON for tables."""
    done = cli("cost", log(line()), "--format", "json", env={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {row.rpartition("|")[2].strip() for row in done.stderr.splitlines()}
    assert "otel_persona.cli.log_input" in imported
    rooms = {"otel_persona.cli.analyze_results", "otel_persona.demo"}
    others = rooms | {"rich", "pyarrow", "numpy", "yaml"}
    assert imported & others == set()
