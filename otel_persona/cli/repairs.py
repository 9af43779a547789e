"""``otel-persona repairs``: the repair rate of each group of persona ids."""

from __future__ import annotations

import click

from otel_persona.analysis import repair_rates
from otel_persona.cli.cells import percent, whole
from otel_persona.cli.format_option import format_option
from otel_persona.cli.log_input import (
    SkippedLines,
    logs_argument,
    reading,
    say_skipped,
)
from otel_persona.cli.printing import print_json, printable


@click.command
@logs_argument
@format_option
def repairs(logs: tuple[str, ...], output_format: str) -> None:
    """Show the share of attempts with repairs, by the part of the persona id before its first "-".

    LOG is a file of JSON lines, plain or compressed (gzip, zstd), or - for standard input. A group
    is named after its first persona id. With --format json the output is that of the
    specification's jq command.

    \b
    Example:
      otel-persona repairs generation.log
    """
    skipped = SkippedLines()
    with reading(logs, skipped) as reader:
        groups = repair_rates(reader)
    if output_format == "json":
        print_json([{"batch": group.batch, "repair_rate": group.repair_rate} for group in groups])
    else:
        from otel_persona.cli.console import print_tables
        from otel_persona.cli.tables import Column, FigureTable

        print_tables(
            FigureTable(
                "Repair rates",
                [
                    Column("Batch", is_text=True),
                    Column("Attempts"),
                    Column("With repairs"),
                    Column("Repair rate"),
                ],
                [
                    [
                        printable(group.batch),
                        whole(group.attempts),
                        whole(group.repaired),
                        percent(group.repair_rate),
                    ]
                    for group in groups
                ],
            )
        )
    say_skipped(skipped)
