"""The console that prints tables."""

from __future__ import annotations

import io
import os
import sys

from rich.console import Console, RenderableType

from otel_persona.cli.standard_output import end_quietly

# Without a terminal, lines are as long as they need to be.
_ENDLESS_LINE_CELLS = 10_000


def make_console() -> Console:
    """Return a console on standard output.

    It uses colors only on a terminal, and not if ``NO_COLOR`` is set.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the locale cannot encode must not cost the whole table.
        sys.stdout.reconfigure(errors="replace")
    on_terminal = sys.stdout.isatty()
    return _Console(
        file=sys.stdout,
        color_system="auto" if on_terminal and not os.environ.get("NO_COLOR") else None,
        force_terminal=on_terminal,
        width=None if on_terminal else _ENDLESS_LINE_CELLS,
        highlight=False,
        markup=False,
        emoji=False,
    )


def print_tables(*parts: RenderableType) -> None:
    """Print tables and text to standard output, one below the other."""
    console = make_console()
    for part in parts:
        console.print(part, crop=False)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Exit without an error message."""
        end_quietly()
