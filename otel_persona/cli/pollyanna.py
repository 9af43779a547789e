"""``otel-persona pollyanna``: the mean pollyanna score of each group of numeric persona ids."""

from __future__ import annotations

import click

from otel_persona.analysis import pollyanna_means
from otel_persona.cli.cells import decimal, whole
from otel_persona.cli.format_option import format_option
from otel_persona.cli.log_input import (
    SkippedLines,
    logs_argument,
    reading,
    say_skipped,
)
from otel_persona.cli.policy_option import parse_policy
from otel_persona.cli.printing import print_json, printable, say
from otel_persona.settings import BatchPolicy


@click.command
@logs_argument
@click.option(
    "--batch",
    metavar="POLICY",
    callback=parse_policy,
    default="sequence:1000",
    help="How ids are grouped: sequence:N.",
)
@format_option
def pollyanna(logs: tuple[str, ...], batch: BatchPolicy, output_format: str) -> None:
    """Show the mean pollyanna score, by the persona id's number divided by N.

    LOG is a file of JSON lines, plain or compressed (gzip, zstd), or - for standard input. A group
    is named after its first persona id. Attempts without a score are left out of the mean; ids that
    are not whole numbers are named and skipped. With --format json the output is that of the
    specification's jq command.

    \b
    Example:
      otel-persona pollyanna generation.log
    """
    skipped = SkippedLines()
    with reading(logs, skipped) as reader:
        groups = pollyanna_means(reader, batch)
    if output_format == "json":
        print_json([{"batch": group.batch, "mean_pol": group.mean_pol} for group in groups])
    else:
        from otel_persona.cli.console import print_tables
        from otel_persona.cli.tables import Column, FigureTable

        print_tables(
            FigureTable(
                "Mean pollyanna scores",
                [
                    Column("Batch", is_text=True),
                    Column("Attempts"),
                    Column("With a score"),
                    Column("Mean"),
                ],
                [
                    [
                        printable(group.batch),
                        whole(group.attempts),
                        whole(group.scored),
                        decimal(group.mean_pol),
                    ]
                    for group in groups
                ],
            )
        )
    say_skipped(skipped, f"analyze LOG... --batch {batch} --format json")
    unscored = sum(group.attempts - group.scored for group in groups)
    if unscored:
        say(f"{unscored:,} attempts without a pollyanna score are left out of the means")
