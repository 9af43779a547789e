"""``otel-persona demo``: the whole package at work on real data."""

from __future__ import annotations

from pathlib import Path

import click

from otel_persona.cli.otlp_option import check_otlp
from otel_persona.cli.printing import say

_NOT_DELIVERED = 1


@click.command
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("otel-persona-demo"),
    metavar="DIR",
    help="Folder for generation.log; the log of an earlier demo in it is replaced.",
)
@click.option(
    "--attempts",
    type=click.IntRange(1, 1_000_000),
    default=3_000,
    metavar="N",
    help="How many attempts to make.",
)
@click.option(
    "--collapse", is_flag=True, help="Narrow the stream of texts from half way on (simulated)."
)
@click.option(
    "--otlp",
    metavar="URL",
    callback=check_otlp,
    help="Send everything to a collector too: http://host:4318, https://host:4318 or "
    "grpc://host:4317.",
)
@click.option(
    "--sidecars",
    is_flag=True,
    help="Write the cohort sidecars of the real requests too, cut into five runs.",
)
@click.option("--seed", type=int, default=1, metavar="N", help="Same seed, same figures.")
@click.pass_context
def demo(
    ctx: click.Context,
    folder: Path,
    attempts: int,
    collapse: bool,
    otlp: str | None,
    sidecars: bool,
    seed: int,
) -> None:
    """Replay real data through real, decorated functions, and watch the indicators.

    500 persona texts by GPT-4o go through a small pipeline with validators and repairs; latency,
    tokens and failures are those of 2,100 real requests. Nothing sleeps: the clock is virtual.

    \b
    Example:
      otel-persona demo --collapse --out demo-collapse
      otel-persona demo --sidecars
    """
    from otel_persona.cli.console import print_tables
    from otel_persona.cli.demo_ending import ending
    from otel_persona.cli.demo_screen import watching
    from otel_persona.demo.run import Plan, run_demo

    plan = Plan(
        folder=folder,
        attempts=attempts,
        collapse=collapse,
        otlp=otlp,
        seed=seed,
        sidecars=sidecars,
    )
    try:
        with watching() as watcher:
            outcome = run_demo(plan, watcher)
    except KeyboardInterrupt:
        if plan.log.exists():
            say(f"interrupted; the attempts made so far are in {plan.log}")
        raise
    print_tables(*ending(plan, outcome))
    if outcome.undelivered is not None:
        say(f"the collector at {otlp} did not take everything: {outcome.undelivered}")
        ctx.exit(_NOT_DELIVERED)
