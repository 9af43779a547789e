"""``otel-persona mark-good``: marks a run as one to compare later runs with."""

from __future__ import annotations

from pathlib import Path

import click

from otel_persona import cohorts
from otel_persona.cli.printing import printable
from otel_persona.cli.tree_input import reading_tree, run_argument, tree_option
from otel_persona.settings import load_settings


@click.command
@run_argument
@tree_option
def mark_good(run_id: str, root: Path) -> None:
    """Mark a run good: from now on its complete cohorts are baselines, whatever their audit says.

    Runs that are saved later find it as last_good_run; the sidecars of those that were saved
    before stay as they are.

    \b
    Example:
      otel-persona mark-good 25K_20260131_143200
    """
    settings = load_settings().safety.telemetry
    with reading_tree(root, settings) as (tree, _):
        cohorts.mark_good(tree, run_id)
    click.echo(f"{printable(run_id)} is marked good; runs saved from now on find it")
