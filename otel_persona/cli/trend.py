"""``otel-persona trend``: where the figures are heading over runs."""

from __future__ import annotations

from pathlib import Path

import click

from otel_persona.analysis.cohort_choice import Choice
from otel_persona.analysis.run_trends import trends_of_run
from otel_persona.analysis.sidecar_files import read_trend
from otel_persona.cli.format_option import format_option
from otel_persona.cli.printing import path_text, print_json
from otel_persona.cli.tree_input import (
    part_options,
    read_run,
    reading_tree,
    run_option,
    tree_option,
)


@click.command
@tree_option
@part_options
@run_option
@format_option
def trend(
    root: Path,
    stage: str | None,
    view: str | None,
    target: str | None,
    symbol: str | None,
    run_id: str | None,
    output_format: str,
) -> None:
    """Show where the figures of a run's cohorts are heading, over that run and those before it.

    There is a trend from five runs of a cohort on (the setting trend_after). A figure is called
    worse or better only if chance is no likely reason, whatever the number of figures.

    \b
    Example:
      otel-persona trend
      otel-persona trend --stage B --target 25K --format json
    """
    with reading_tree(root) as (tree, damaged):
        cohorts = read_run(tree, Choice(stage, view, target, symbol), run_id, read_trend)
        found = trends_of_run(cohorts)
        if output_format == "json":
            print_json({"tree": path_text(root), **found.document(), "damaged": damaged.document()})
        else:
            from otel_persona.cli.console import print_tables
            from otel_persona.cli.trend_view import trend_view

            print_tables(*trend_view(found))
