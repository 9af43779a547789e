"""The end of the demo: where the files are, what they show, their origin, what to run next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from otel_persona.aggregation import TierSummary
from otel_persona.cli.bullets import bullets
from otel_persona.cli.cells import percent, signed
from otel_persona.cli.demo_sentences import finding_sentences
from otel_persona.cli.drift_view import cohort_sentence
from otel_persona.cli.printing import counted, printable
from otel_persona.cli.tables import Column, FigureTable
from otel_persona.demo.collapse import HANDFUL
from otel_persona.demo.findings import find
from otel_persona.demo.lookup import Lookup
from otel_persona.demo.provenance import COMPOSITION, SIDECARS, Origin, origins
from otel_persona.demo.replay import Position
from otel_persona.demo.run import BATCH, Outcome, Plan
from otel_persona.demo.sidecars import Sidecars


def ending(plan: Plan, outcome: Outcome) -> Iterator[RenderableType]:
    """Yield everything that is printed after the run."""
    tier = outcome.analysis.tier
    attempts = tier.total_attempts
    passed = timedelta(seconds=round(outcome.virtual_s))
    yield Text(
        f"\n{counted(attempts, 'attempt')} for {counted(tier.total_personas, 'persona')}: "
        f"{passed} h on the replay's clock, {outcome.wall_s:.1f} s here. Seed {plan.seed}."
    )
    yield _heading("Files")
    log = printable(str(outcome.log))
    yield Text(f"{log}: {counted(attempts, 'line')} of run {outcome.run_id}")
    if outcome.sidecars is not None:
        yield Text(_tree_line(outcome.sidecars))
    yield _heading("What they show (bands and thresholds as specified)")
    yield Text(_tier_line(tier))
    for sentence in finding_sentences(find(outcome)):
        yield Text(f"- {sentence}")
    if outcome.simulated_from is not None:
        yield _heading("Simulated")
        yield Text(_simulated(outcome.simulated_from))
    if outcome.sidecars is not None:
        yield from bullets("What the sidecars show", list(_changes(outcome.sidecars)))
    yield _heading("Where it comes from")
    yield Text(f"{COMPOSITION}\n")
    yield _origins_table(origins(outcome.simulated_from))
    if outcome.sidecars is not None:
        yield Text(SIDECARS)
    if outcome.lookup is not None:
        yield _heading("Where to look, with the servers of collector-config/")
        yield from _places(outcome.lookup)
    yield _heading("Next")
    yield Text(f"otel-persona analyze {_quoted(outcome.log)} --batch {BATCH}")
    if outcome.sidecars is not None:
        for command in ("drift", "trend", "runs"):
            yield Text(f"otel-persona {command} --tree {_quoted(outcome.sidecars.root)}")
    if outcome.simulated_from is None:
        folder = f"{plan.folder}-collapse"
        yield Text(f"otel-persona demo --collapse --out {_quoted(folder)}")


def _tree_line(sidecars: Sidecars) -> str:
    return (
        f"{printable(str(sidecars.root))}: {counted(sidecars.cohorts, 'cohort')} of "
        f"{sidecars.runs} runs and {counted(sidecars.attempts, 'attempt')}, written by what "
        "otel-persona rollup does"
    )


def _changes(sidecars: Sidecars) -> Iterator[str]:
    """Yield what changed in each target as a whole, and how much of it there is to believe."""
    newest = sidecars.newest
    for changes in newest.by_cohort:
        if changes.worst.against.key.view == "CROSS_SECTIONAL":
            yield cohort_sentence(changes)
    of_all = f"{len(newest.by_cohort)} of the {newest.cohorts} cohorts of {newest.run_id}"
    yield (
        f"in {of_all} figures are beyond their limits, which so few attempts cross by chance; of "
        "their distributions "
        f"{len(newest.drifted) or 'none'} can be said to have drifted"
    )


def _heading(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _places(lookup: Lookup) -> Iterator[Text]:
    yield Text("Jaeger, this run's traces:")
    yield _to_copy(lookup.jaeger)
    yield Text(f"Prometheus, {lookup.prometheus}, this run's figures once it has read them:")
    for query in lookup.queries:
        yield _to_copy(query)


def _to_copy(text: str) -> Text:
    return Text(f"  {text}", no_wrap=True, overflow="ignore")


def _quoted(path: Path | str) -> str:
    return printable(shlex.quote(str(path)))


def _tier_line(tier: TierSummary) -> str:
    return (
        f"Tier {printable(tier.tier)}: "
        f"overall_success_rate {percent(tier.overall_success_rate)}, "
        f"repair_rate_trend {signed(tier.repair_rate_trend)}, "
        f"opening_entropy_trend {signed(tier.opening_entropy_trend)}, "
        f"pollyanna_score_trend {signed(tier.pollyanna_score_trend)} per batch, "
        f"drift_detected {'yes' if tier.drift_detected else 'no'}"
    )


def _simulated(start: Position) -> str:
    return (
        f"From persona {start.personas + 1:,} (attempt {start.attempts + 1:,}) on, the collapse is "
        f"simulated: more and more texts, in the end all, come from {HANDFUL} of the 500, the most "
        "positive of those with the commonest opening move. The requests go on as they were."
    )


def _origins_table(rows: list[Origin]) -> FigureTable:
    return FigureTable(
        "Origin of each field",
        [
            Column("Field", is_text=True, is_wrapped=True),
            Column("Source", is_text=True, is_wrapped=True),
            Column("Licence", is_text=True),
        ],
        rows,
    )
