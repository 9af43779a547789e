"""Whether a command prints a table or JSON, as the value of an option."""

from __future__ import annotations

import click

format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    help="A table for people, or JSON.",
)
