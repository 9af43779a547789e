"""``otel-persona drift``: what changed in a run against its baselines."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from otel_persona.analysis.cohort_choice import Choice
from otel_persona.analysis.run_drift import drift_of_run
from otel_persona.analysis.sidecar_files import read_drift
from otel_persona.cli.format_option import format_option
from otel_persona.cli.printing import path_text, print_json
from otel_persona.cli.tree_input import (
    part_options,
    read_run,
    reading_tree,
    run_option,
    tree_option,
)
from otel_persona.cohorts.baselines import BaselineName
from otel_persona.cohorts.good_runs import good_runs


@click.command
@tree_option
@part_options
@click.option(
    "--baseline",
    type=click.Choice(get_args(BaselineName)),
    help="Of the baselines, look at this one alone.",
)
@run_option
@format_option
def drift(
    root: Path,
    stage: str | None,
    view: str | None,
    target: str | None,
    symbol: str | None,
    baseline: str | None,
    run_id: str | None,
    output_format: str,
) -> None:
    """Show what changed in a run against its baselines, the worst first.

    What was compared is in the sidecars. A figure is beyond its limits by the size of its change
    alone; a distribution has drifted only if chance is no likely reason. The exit code is 0 in any
    case.

    \b
    Example:
      otel-persona drift
      otel-persona drift --tree results/REPRODUCIBILITY --baseline last_good_run
    """
    with reading_tree(root) as (tree, damaged):
        cohorts = read_run(tree, Choice(stage, view, target, symbol), run_id, read_drift)
        good_runs(tree)  # last_good_run hangs on the marks, so damage to them is named here too
        found = drift_of_run(cohorts, baseline)
        if output_format == "json":
            print_json({"tree": path_text(root), **found.document(), "damaged": damaged.document()})
        else:
            from otel_persona.cli.console import print_tables
            from otel_persona.cli.drift_view import drift_view

            print_tables(*drift_view(found))
