"""The command ``otel-persona`` itself: its commands by name, imported on demand."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from otel_persona.cli.standard_output import all_written

# Each module holds a command of the name given in this table.
_MODULES = {
    "demo": "otel_persona.cli.demo",
    "analyze": "otel_persona.cli.analyze",
    "cost": "otel_persona.cli.cost",
    "repairs": "otel_persona.cli.repairs",
    "pollyanna": "otel_persona.cli.pollyanna",
    "config": "otel_persona.cli.config",
    "doctor": "otel_persona.cli.doctor",
}


class _LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [*_MODULES, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in _MODULES:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(_MODULES[cmd_name]), cmd_name)
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
