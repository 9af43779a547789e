"""``otel-persona cost``: what the tokens of a log cost."""

from __future__ import annotations

import click

from otel_persona import analysis
from otel_persona.cli.cells import usd, whole
from otel_persona.cli.format_option import format_option
from otel_persona.cli.log_input import (
    SkippedLines,
    logs_argument,
    reading,
    say_skipped,
    settings_option,
)
from otel_persona.cli.printing import print_json
from otel_persona.settings import load_settings


@click.command
@logs_argument
@settings_option
@format_option
def cost(logs: tuple[str, ...], settings_file: str | None, output_format: str) -> None:
    """Show what the tokens of all attempts cost, in USD.

    LOG is a file of JSON lines, plain or compressed (gzip, zstd), or - for standard input. With
    --format json the output is one number, as from the specification's jq command.

    \b
    Example:
      otel-persona cost generation.log
    """
    prices = load_settings(file=settings_file).prices
    skipped = SkippedLines()
    with reading(logs, skipped) as reader:
        total = analysis.cost(reader, prices)
    if output_format == "json":
        print_json(total.cost_usd)
    else:
        from otel_persona.cli.console import print_tables
        from otel_persona.cli.tables import Column, FigureTable

        print_tables(
            FigureTable(
                "Cost",
                [
                    Column("Attempts"),
                    Column("Prompt tokens"),
                    Column("Completion tokens"),
                    Column("Tokens"),
                    Column("USD"),
                ],
                [
                    [
                        whole(total.attempts),
                        whole(total.prompt_tokens),
                        whole(total.completion_tokens),
                        whole(total.total_tokens),
                        usd(total.cost_usd),
                    ]
                ],
            )
        )
    say_skipped(skipped)
