"""The command ``otel-persona`` itself: its commands by name, imported on demand."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from otel_persona.cli.standard_output import all_written

# Each is held by the module of its name, where `-` is `_`.
_COMMANDS = (
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
)


class _LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their order here."""
        return [*_COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"otel_persona.cli.{name}"), name)
        return command

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse the arguments; this also prints ``--help`` and ``--version``."""
        with all_written():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> None:
        """Run a command."""
        with all_written():
            super().invoke(ctx)


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.version_option(package_name="otel-persona", message="%(prog)s %(version)s")
@click.pass_context
def otel_persona(ctx: click.Context) -> None:
    """See early that a run of persona generation is collapsing.

    Completion of commands, options and file names: put
    eval "$(_OTEL_PERSONA_COMPLETE=bash_source otel-persona)" into ~/.bashrc (zsh_source and
    fish_source for those shells).

    \b
    Example:
      otel-persona demo
      otel-persona analyze generation.log
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
