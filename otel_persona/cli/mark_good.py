"""``otel-persona mark-good``: marks a run as one to compare later runs with."""

from __future__ import annotations

from pathlib import Path

import click

from otel_persona import cohorts
from otel_persona.analysis.cohort_choice import Choice, chosen_keys
from otel_persona.cli.printing import counted, printable, say
from otel_persona.cli.tree_input import reading_tree, run_argument, tree_option
from otel_persona.cohorts.good_runs import COMPLETED_BY
from otel_persona.errors import UsageError
from otel_persona.settings import load_settings


@click.command
@run_argument
@tree_option
def mark_good(run_id: str, root: Path) -> None:
    """Add a run to the good ones: its complete cohorts are so now, whatever their audit says.

    For runs that are saved later, last_good_run is the newest good one that ended earlier; the
    sidecars of those that were saved before stay as they are.

    \b
    Example:
      otel-persona mark-good 25K_20260131_143200
    """
    settings = load_settings().safety.telemetry
    if not settings.enabled:
        raise UsageError("the setting safety.telemetry.enabled is false, so nothing is written")
    with reading_tree(root, settings) as (tree, _):
        chosen_keys(tree, Choice())
        incomplete = cohorts.mark_good(tree, run_id)
    click.echo(f"{printable(run_id)} is marked good; runs saved from now on find it")
    if incomplete:
        say(
            f"{counted(incomplete, 'cohort')} of it cannot be a baseline, since the run had not "
            f"ended there; {COMPLETED_BY}"
        )
