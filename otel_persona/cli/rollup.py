"""``otel-persona rollup``: the sidecars of finished runs, from their logs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from otel_persona.analysis.log_cohorts import (
    SavedRun,
    finished_runs,
    runs_in_logs,
    savable_runs,
    save_runs,
    what_changed,
)
from otel_persona.cli.format_option import format_option
from otel_persona.cli.log_input import (
    SkippedLines,
    logs_argument,
    reading,
    say_skipped,
    settings_option,
)
from otel_persona.cli.printing import counted, path_text, print_json, say
from otel_persona.cli.progress import with_bar
from otel_persona.cli.tree_input import DamagedFiles, reading_tree, tree_option
from otel_persona.errors import LogReadError, UsageError
from otel_persona.settings import load_settings

_LEFT = 2


@click.command
@logs_argument
@tree_option
@click.option("--run", "run_id", metavar="RUN", help="Of the runs, save this one alone.")
@settings_option
@format_option
@click.option(
    "--strict", is_flag=True, help="Save nothing, and exit with 2, if any line had to be skipped."
)
def rollup(
    logs: tuple[str, ...],
    root: Path,
    run_id: str | None,
    settings_file: str | None,
    output_format: str,
    strict: bool,
) -> None:
    """Write the sidecars of every run in the logs: cohorts, drift, trends and rollups.

    LOG is as for analyze; give all logs of a run at once, when it has ended. The runs are saved in
    the order of their ends, so that each is compared with those before it and with what the tree
    holds. Saving a run again gives the same files. The rollups of a stage are those of the newest
    of these runs.

    \b
    Example:
      otel-persona rollup generation.log
      otel-persona rollup worker-*.log.gz --tree results/REPRODUCIBILITY
    """
    settings = load_settings(file=settings_file)
    if not settings.safety.telemetry.enabled:
        raise UsageError("the setting safety.telemetry.enabled is false, so nothing is written")
    skipped = SkippedLines(keep_all=output_format == "json")
    refused: Counter[str] = Counter()
    left: Counter[str] = Counter()

    def refuse(reason: str, attempts: int) -> None:
        refused[reason] += attempts

    def leave(reason: str, attempts: int) -> None:
        left[reason] += attempts

    with reading_tree(root, settings.safety.telemetry) as (tree, damaged):
        with reading(logs, skipped) as reader:
            folded = runs_in_logs(reader, settings, run_id=run_id)
            if strict and skipped.count:
                raise LogReadError(f"lines skipped: {skipped.count:,}, and --strict forbids any")
        runs = savable_runs(tree, finished_runs(folded, tree, refuse), leave)
        cohorts = sum(len(run.cohorts) for run in runs)
        for _ in with_bar("saving", save_runs(tree, runs, settings), cohorts):
            pass
        saved = list(map(what_changed, runs))
        if output_format == "json":
            _print_document(root, saved, skipped, refused + left, damaged)
        else:
            from otel_persona.cli.console import print_tables
            from otel_persona.cli.rollup_view import rollup_view

            if saved:
                print_tables(*rollup_view(root, saved))
            say_skipped(skipped)
    _say_all("not in a cohort", refused)
    _say_all("not saved", left)
    if left:
        click.get_current_context().exit(_LEFT)


def _say_all(what: str, reasons: Counter[str]) -> None:
    for reason, attempts in reasons.items():
        say(f"{what}: {counted(attempts, 'attempt')}: {reason}")


def _print_document(
    root: Path,
    saved: list[SavedRun],
    skipped: SkippedLines,
    refused: Counter[str],
    damaged: DamagedFiles,
) -> None:
    print_json(
        {
            "tree": path_text(root),
            "runs": list(map(_run_document, saved)),
            "skipped": skipped.kept,
            "refused": [{"reason": name, "attempts": count} for name, count in refused.items()],
            "damaged": damaged.document(),
        }
    )


def _run_document(saved: SavedRun) -> dict[str, Any]:
    run = saved.run
    return {
        "run_id": run.run_id,
        "ended_at": run.ended_at,
        "attempts": run.attempts,
        "cohorts": len(run.cohorts),
        "worst_change": saved.worst and saved.worst.worst.document(),
    }
