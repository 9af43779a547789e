"""``otel-persona analyze``: the figures of a run, by batch, persona or stage."""

from __future__ import annotations

import click

from otel_persona.aggregation import Band
from otel_persona.analysis import BatchAnalysis, RunAttempts
from otel_persona.cli.analyze_results import ANALYSES
from otel_persona.cli.format_option import format_option
from otel_persona.cli.log_input import (
    ANALYZE_AS_JSON,
    SkippedLines,
    logs_argument,
    reading,
    settings_option,
)
from otel_persona.cli.policy_option import parse_policy
from otel_persona.cli.printing import print_json, printable, say
from otel_persona.errors import LogReadError
from otel_persona.settings import BatchPolicy, load_settings

_FOUND = 1
_AT_LEAST: dict[str, tuple[Band, ...]] = {
    "warning": ("warning", "critical"),
    "critical": ("critical",),
}


@click.command
@logs_argument
@click.option(
    "--batch",
    metavar="POLICY",
    callback=parse_policy,
    show_default="the settings' own, personas:1000",
    help="How attempts are cut into batches: personas:N, attempts:N, sequence:N (the persona id's "
    "number divided by N), prefix (the id up to its first -) or time:60s.",
)
@click.option(
    "--by",
    type=click.Choice(["batch", "persona", "stage"]),
    default="batch",
    help="What each row is about.",
)
@click.option(
    "--run", "run_id", metavar="RUN", help="The run to analyze, if the input holds several."
)
@click.option("--tier", metavar="TIER", help="Of a run with several tiers, analyze this one alone.")
@settings_option
@format_option
@click.option("--strict", is_flag=True, help="Exit with 2 if any line had to be skipped.")
@click.option(
    "--fail-on",
    type=click.Choice(["warning", "critical"]),
    help="Exit with 1 if any indicator of a complete batch is in this specified band or a worse "
    "one (of a partial batch, where none is complete).",
)
def analyze(
    logs: tuple[str, ...],
    batch: BatchPolicy | None,
    by: str,
    run_id: str | None,
    tier: str | None,
    settings_file: str | None,
    output_format: str,
    strict: bool,
    fail_on: str | None,
) -> None:
    """Show the figures of a run: its batches, key indicators and tier, its personas or its stages.

    LOG is a file of JSON lines, plain or compressed (gzip, zstd), or - for standard input. Several
    are read in the order given. A line that holds no attempt is named and skipped.

    \b
    Example:
      otel-persona analyze generation.log
      otel-persona analyze worker-*.log.gz --batch time:60s --fail-on critical
      otel-persona analyze generation.log --by persona --format json
    """
    if by != "batch" and (batch or fail_on):
        raise click.UsageError("--batch and --fail-on speak of batches; leave out --by")
    settings = load_settings({"batch": str(batch) if batch else None}, file=settings_file)
    skipped = SkippedLines(keep_all=output_format == "json")
    with reading(logs, skipped) as reader:
        result = ANALYSES[by](RunAttempts(reader, settings, run_id=run_id, tier=tier), settings)
    if output_format == "json":
        print_json({**result.document, "skipped": skipped.kept})
    else:
        from otel_persona.cli.console import print_tables

        print_tables(*result.tables(), *map(printable, skipped.sentences(ANALYZE_AS_JSON)))
    for remark in result.remarks:
        say(f"note: {remark}")
    if strict and skipped.count:
        raise LogReadError(f"lines skipped: {skipped.count:,}, and --strict forbids any")
    if fail_on and result.batches:
        _fail_on(_AT_LEAST[fail_on], result.batches)


def _fail_on(bands: tuple[Band, ...], analysis: BatchAnalysis) -> None:
    """Exit with 1 if an indicator is in one of ``bands``, naming the first."""
    for batch, name in analysis.reaching(bands):
        indicator = batch.indicators[name]
        say(
            f"batch {batch.index}: {name} is {indicator.band} ({indicator.value:.4g}), as specified"
        )
        click.get_current_context().exit(_FOUND)
