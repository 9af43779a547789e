"""What changed in a run: sentences, the worst first, then tables, then what was not decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from otel_persona.aggregation import Band
from otel_persona.analysis.drift_changes import DistributionChange, FigureChange
from otel_persona.analysis.run_drift import CohortChanges, RunDrift
from otel_persona.cli.bullets import bullets
from otel_persona.cli.cells import UNKNOWN, whole
from otel_persona.cli.cohort_columns import (
    COHORT_COLUMNS,
    baseline_in_words,
    cohort_cells,
    cohort_in_words,
)
from otel_persona.cli.figure_words import change_in_words, in_words
from otel_persona.cli.printing import counted, printable
from otel_persona.cli.tables import Column, FigureTable, coloured
from otel_persona.cohorts.good_runs import COMPLETED_BY
from otel_persona.drift import Tier

_MOST_SENTENCES = 10
_MOST_ROWS = 30
_MOST_NAMED = 5
_NARROWED_BY = "--view CROSS_SECTIONAL or --baseline BASELINE"
_TIER_BANDS: dict[Tier, Band] = {"OK": "healthy", "WARN": "warning", "ALERT": "critical"}


def drift_view(drift: RunDrift) -> Iterator[RenderableType]:
    """Yield everything that is said about the drift of a run."""
    unfinished = "" if drift.complete else f" so far (it is not complete; {COMPLETED_BY})"
    yield Text(
        f"Run {printable(drift.run_id)}, {counted(drift.cohorts, 'cohort')}, "
        f"ended {printable(drift.ended_at)}{unfinished}"
    )
    yield from bullets("What changed, the worst first", list(_changes(drift)))
    if drift.worst:
        yield _figure_table(drift.worst)
    if drift.told:
        yield _distribution_table(drift.told)
    yield from bullets("What cannot be told", list(_undecided(drift)))


def cohort_sentence(changes: CohortChanges) -> str:
    """Say what changed most in a cohort, which one it is, and against what."""
    worst = changes.worst
    what = _drifted(worst) if isinstance(worst, DistributionChange) else _moved(worst)
    others = f"; and {counted(changes.others, 'more change')}" if changes.others else ""
    against = f"against {baseline_in_words(worst.against)}"
    return f"{cohort_in_words(worst.against.key)}: {what}, {against}{others}"


def _changes(drift: RunDrift) -> Iterator[str]:
    cohorts = drift.by_cohort
    yield from map(cohort_sentence, cohorts[:_MOST_SENTENCES])
    if len(cohorts) > _MOST_SENTENCES:
        yield f"and in {counted(len(cohorts) - _MOST_SENTENCES, 'more cohort')}"
    if drift.figures:
        yield _figure_counts(drift.figures)


def _moved(change: FigureChange) -> str:
    name, drift = change.figure, change.drift
    amount = change_in_words(name, drift.delta, drift.rel_delta)
    critical = " of a critical figure" if drift.is_critical else ""
    return (
        f"{name} {in_words(name, drift.baseline)} -> {in_words(name, drift.current)} ({amount}), "
        f"{change.verdict}, {drift.tier}{critical}"
    )


def _drifted(change: DistributionChange) -> str:
    drift = change.drift
    what, why = "has drifted", drift.reason
    if drift.suspect:
        what, why = "is suspect of drift", f"{_improbable(change)}, too few values for a decision"
    return f"the distribution of {change.distribution} {what} ({why}), {drift.verdict}"


def _improbable(change: DistributionChange) -> str:
    distance = change.over_threshold[0]
    # The smallest probabilities are beyond every float.
    p_value = f"p {distance.p_value:.2g}" if distance.p_value else "p below 1e-300"
    return f"{distance.name} {distance.value:.3g}, {p_value}"


def _figure_counts(figures: Sequence[FigureChange]) -> str:
    tiers = Counter(change.drift.tier for change in figures)
    better = sum(change.verdict == "better" for change in figures)
    of_attempts = any(change.against.n is not None for change in figures)
    few = ", however few attempts there are" if of_attempts else ""
    return (
        f"of {counted(len(figures), 'comparison')} of figures {tiers['ALERT']:,} are ALERT, "
        f"{tiers['WARN']:,} WARN, {tiers['OK']:,} OK{few}; {better:,} went for the better"
    )


def _figure_table(changes: Sequence[FigureChange]) -> FigureTable:
    return FigureTable(
        "Figures beyond their limits, against the baseline from which each is farthest",
        [
            Column("Figure", is_text=True),
            *COHORT_COLUMNS,
            Column("Was", is_spare=True),
            Column("Is", is_spare=True),
            Column("Change"),
            Column("Tier", is_text=True),
            Column("Against", is_text=True, is_wrapped=True),
            Column("Attempts"),
            Column("Theirs", is_spare=True),
        ],
        [_figure_row(change) for change in changes],
        most_rows=_MOST_ROWS,
        narrowed_by=_NARROWED_BY,
    )


def _figure_row(change: FigureChange) -> list[str | Text]:
    against, drift = change.against, change.drift
    return [
        printable(change.figure),
        *cohort_cells(against.key),
        in_words(change.figure, drift.baseline),
        in_words(change.figure, drift.current),
        change_in_words(change.figure, drift.delta, drift.rel_delta),
        coloured(drift.tier, _TIER_BANDS[drift.tier]),
        baseline_in_words(against),
        whole(against.n),
        whole(against.n_baseline),
    ]


def _distribution_table(changes: Sequence[DistributionChange]) -> FigureTable:
    return FigureTable(
        "Distributions: a distance, and in brackets what chance alone gives it, each against the "
        "baseline from which it is farthest",
        [
            Column("Distribution", is_text=True),
            *COHORT_COLUMNS,
            Column("PSI"),
            Column("p"),
            Column("KS", is_spare=True),
            Column("p", is_spare=True),
            Column("Status", is_text=True),
            Column("Which way", is_text=True),
            Column("Against", is_text=True, is_wrapped=True),
            Column("Values"),
            Column("Theirs", is_spare=True),
        ],
        [_distribution_row(change) for change in changes],
        most_rows=_MOST_ROWS,
        narrowed_by=_NARROWED_BY,
    )


def _distribution_row(change: DistributionChange) -> list[str | Text]:
    against, drift = change.against, change.drift
    return [
        printable(change.distribution),
        *cohort_cells(against.key),
        _distance(drift.psi, drift.psi_noise_floor),
        _probability(drift.psi_p_value),
        _distance(drift.ks, drift.ks_noise_floor),
        _probability(drift.ks_p_value),
        coloured("suspect" if drift.suspect else drift.status, _band(change)),
        (drift.verdict if change.has_moved else None) or UNKNOWN,
        baseline_in_words(against),
        whole(drift.n_current),
        whole(drift.n_baseline),
    ]


def _band(change: DistributionChange) -> Band:
    if not change.is_alarming:
        return "healthy"
    return "warning" if change.drift.suspect else "critical"


def _distance(value: float | None, noise_floor: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.3f} ({noise_floor:.3f})"


def _probability(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2g}"


def _undecided(drift: RunDrift) -> Iterator[str]:
    without = Counter((missing.baseline, missing.reason) for missing in drift.no_baseline)
    for (baseline, reason), count in without.items():
        of_all = f"{count:,} of {counted(drift.cohorts, 'cohort')}"
        yield f"{baseline}: no_baseline for {of_all} when it was saved: {reason}"
    yield from _too_small(drift)
    checks = Counter((unsound.check.status, unsound.check.message) for unsound in drift.unsound)
    for (status, message), count in checks.items():
        yield f"{status}: {message} ({counted(count, 'comparison')})"


def _too_small(drift: RunDrift) -> Iterator[str]:
    """Say how many distributions have too few values to decide about, and why the first has."""
    distributions = drift.distributions
    small = [change for change in distributions if change.drift.status == "insufficient"]
    if small:
        example = next((change for change in small if not change.drift.suspect), small[0])
        yield (
            f"insufficient: {len(small):,} of {counted(len(distributions), 'comparison')} of "
            f"distributions have too few values, such as {example.distribution} in "
            f"{cohort_in_words(example.against.key)}: {example.drift.reason}"
        )
    suspects = drift.suspects
    if suspects:
        named = "; ".join(map(_suspect, suspects[:_MOST_NAMED]))
        more = f"; and {len(suspects) - _MOST_NAMED:,} more" if suspects[_MOST_NAMED:] else ""
        yield (
            f"suspect: too few values for a decision, but chance is no likely reason: {named}{more}"
        )
    crossed = sum(bool(change.over_threshold) and not change.drift.suspect for change in small)
    if crossed:
        yield (
            "over the specified threshold, which so few values cross by chance: "
            f"{counted(crossed, 'comparison')}"
        )
    empty = sum(change.drift.status == "no_data" for change in distributions)
    if empty:
        yield (
            f"no_data: {empty:,} of {counted(len(distributions), 'comparison')} of distributions "
            "have no values on one side"
        )


def _suspect(change: DistributionChange) -> str:
    return (
        f"{change.distribution} in {cohort_in_words(change.against.key)} ({_improbable(change)}, "
        f"{change.drift.verdict}, against {baseline_in_words(change.against)})"
    )
