"""``otel-persona runs``: what is in a tree of sidecars."""

from __future__ import annotations

from pathlib import Path

import click

from otel_persona.analysis.cohort_choice import Choice, chosen_keys
from otel_persona.analysis.tree_runs import runs_of
from otel_persona.cli.format_option import format_option
from otel_persona.cli.printing import path_text, print_json
from otel_persona.cli.progress import with_bar
from otel_persona.cli.tree_input import part_options, reading_tree, tree_option


@click.command
@tree_option
@part_options
@format_option
def runs(
    root: Path,
    stage: str | None,
    view: str | None,
    target: str | None,
    symbol: str | None,
    output_format: str,
) -> None:
    """List the runs that have cohorts in the tree, the newest first.

    A run is good, and a baseline as last_good_run, if it was marked so, or where it is complete
    and its audit found no violation: cohort by cohort.

    \b
    Example:
      otel-persona runs
      otel-persona runs --tree results/REPRODUCIBILITY --stage TARGET_RANKING
    """
    with reading_tree(root) as (tree, damaged):
        keys = chosen_keys(tree, Choice(stage, view, target, symbol))
        cohorts = [cohort for key in keys for cohort in tree.cohorts(key)]
        found = runs_of(tree, with_bar("reading", cohorts, len(cohorts)))
        if output_format == "json":
            print_json({"tree": path_text(root), "runs": found, "damaged": damaged.document()})
        else:
            from otel_persona.cli.console import print_tables
            from otel_persona.cli.runs_view import runs_view

            print_tables(*runs_view(found))
