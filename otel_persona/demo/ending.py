"""How the demo ends: where the files are, what they show, where it is from, what to run next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import timedelta

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from otel_persona.analysis import BatchAnalysis
from otel_persona.demo.collapse import HANDFUL
from otel_persona.demo.findings import findings
from otel_persona.demo.provenance import COMPOSITION, ORIGINS, Origin
from otel_persona.demo.run import BATCH, Outcome, Plan
from otel_persona.demo.screen import counted


def ending(plan: Plan, outcome: Outcome) -> Iterator[RenderableType]:
    """Give everything that is printed after the run."""
    analysis = outcome.analysis
    tier = analysis.tier
    passed = timedelta(seconds=round(outcome.virtual_s))
    yield Text(
        f"\n{counted(tier.total_attempts, 'attempt')} for "
        f"{counted(tier.total_personas, 'persona')}: {passed} h on the replay's clock, "
        f"{outcome.wall_s:.1f} s here. Seed {plan.seed}."
    )
    yield _heading("Files")
    yield Text(f"{outcome.log}: {counted(tier.total_attempts, 'line')} of run {outcome.run_id}")
    yield _heading("What they show (bands and thresholds as specified)")
    yield Text(_tier_line(analysis))
    for sentence in findings(outcome):
        yield Text(f"- {sentence}")
    if simulated := _simulated(outcome):
        yield _heading("Simulated")
        yield Text(simulated)
    yield _heading("Where it comes from")
    yield Text(COMPOSITION)
    yield _origins_table(outcome)
    yield _heading("Next")
    yield Text(f"otel-persona analyze {shlex.quote(str(outcome.log))} --batch {BATCH}")
    if outcome.simulated_from is None:
        yield Text(f"otel-persona demo --collapse --out {shlex.quote(f'{plan.folder}-collapse')}")


def _heading(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _tier_line(analysis: BatchAnalysis) -> str:
    tier = analysis.tier
    success = f"{tier.overall_success_rate:.1%}" if tier.overall_success_rate is not None else "-"
    return (
        f"Tier {tier.tier}: overall_success_rate {success}, "
        f"repair_rate_trend {_signed(tier.repair_rate_trend)}, "
        f"opening_entropy_trend {_signed(tier.opening_entropy_trend)}, "
        f"pollyanna_score_trend {_signed(tier.pollyanna_score_trend)} per batch, "
        f"drift_detected {'yes' if tier.drift_detected else 'no'}"
    )


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+,.4f}"


def _simulated(outcome: Outcome) -> str:
    start = outcome.simulated_from
    if start is None:
        return ""
    return (
        f"From persona {start.personas + 1:,} (attempt {start.attempts + 1:,}) on, the collapse is "
        f"simulated: more and more texts, in the end all, come from {HANDFUL} of the 500, the most "
        "positive of those with the commonest opening move. The requests go on as they were."
    )


def _origins_table(outcome: Outcome) -> Table:
    origins = [*ORIGINS]
    if start := outcome.simulated_from:
        origins.append(
            Origin(
                f"which text, from persona {start.personas + 1:,} on",
                "simulated: narrowed to a handful by --collapse",
                "-",
            )
        )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Field", "Source", "Licence"):
        table.add_column(heading, overflow="fold")
    for origin in origins:
        table.add_row(*origin)
    return table
