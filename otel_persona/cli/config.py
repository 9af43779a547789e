"""``otel-persona config``: the settings, where each came from, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import click

from otel_persona.cli.cells import UNKNOWN
from otel_persona.cli.format_option import format_option
from otel_persona.cli.printing import print_json
from otel_persona.settings import SettingInUse, SettingsRead, read_settings


@click.command
@click.option("--show", is_flag=True, help="List every setting, its value and where that is from.")
@click.option("--check", is_flag=True, help="Name everything that is wrong; exit with 2 if so.")
@click.option(
    "--settings",
    "settings_file",
    metavar="FILE",
    type=click.Path(),
    show_default="the one that OTEL_PERSONA_SETTINGS names",
    help="A YAML or TOML file of settings.",
)
@format_option
def config(show: bool, check: bool, settings_file: str | None, output_format: str) -> None:
    """Show the settings that a program started here would have, or check them.

    A settings file beats the environment. --show lists the standard OTEL_ variables too, with the
    values of headers masked. Arguments of configure(...) in the program beat all of it.

    \b
    Example:
      otel-persona config --show
      otel-persona config --check --settings persona.yaml
    """
    if show == check:
        raise click.UsageError("give either --show or --check")
    if check and output_format == "json":
        raise click.UsageError("--format speaks of --show; leave it out")
    from otel_persona.setup.problems import refuse_wrong

    read = read_settings(file=settings_file)
    if show:
        _show(read, output_format)
    refuse_wrong(read)
    if check:
        click.echo("fine")


def _show(read: SettingsRead, output_format: str) -> None:
    from otel_persona.masking import masked_variable

    settings = [setting._replace(value=_masked(setting.value)) for setting in read.in_use()]
    variables = {
        name: _encodable(masked_variable(name, value))
        for name, value in sorted(os.environ.items())
        if name.startswith("OTEL_") and not name.startswith("OTEL_PERSONA_")
    }
    if output_format == "json":
        print_json(
            {
                "settings": {name: {"value": value, "origin": at} for name, value, at in settings},
                "variables": variables,
            }
        )
    else:
        _print_tables(settings, variables)


def _masked(value: Any) -> Any:
    from otel_persona.masking import masked_address

    return _encodable(masked_address(value)) if isinstance(value, str) else value


def _encodable(text: str) -> str:
    """Escape bytes of the environment that are no UTF-8, which no JSON can carry."""
    return text.encode(errors="backslashreplace").decode()


def _print_tables(settings: Iterable[SettingInUse], variables: Mapping[str, str]) -> None:
    from otel_persona.cli.console import print_tables
    from otel_persona.cli.tables import text_table

    tables = [text_table("Settings", ("Setting", "Value", "Origin"), map(_row, settings))]
    if variables:
        title = "Standard variables that are set"
        tables.append(text_table(title, ("Variable", "Value"), variables.items()))
    print_tables(*tables)


def _row(setting: SettingInUse) -> tuple[str, str, str]:
    return setting.name, _cell(setting.value), setting.origin


def _cell(value: Any) -> str:
    if value is None or value == {}:
        return UNKNOWN
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) if isinstance(value, tuple) else str(value)
