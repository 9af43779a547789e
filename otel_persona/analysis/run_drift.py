"""What changed in a run against its baselines, from the drift sidecars, the worst first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from otel_persona.analysis.drift_changes import (
    Against,
    DistributionChange,
    FigureChange,
    NoBaseline,
    Unsound,
)
from otel_persona.analysis.sidecar_files import CohortDrift
from otel_persona.drift import Comparison
from otel_persona.facts import CohortKey


class CohortChanges(msgspec.Struct):
    """What has moved or is beyond a limit in one cohort, each once and the worst first."""

    moved: list[DistributionChange] = []
    figures: list[FigureChange] = []

    @property
    def worst(self) -> FigureChange | DistributionChange:
        """A critical figure's ``ALERT``, else what has moved, else a figure.

        What has moved for the better comes last.
        """
        if self.figures and self.figures[0].is_critical_alert:
            return self.figures[0]
        if self.moved and (self.moved[0].is_alarming or not self.figures):
            return self.moved[0]
        return self.figures[0]

    @property
    def others(self) -> int:
        """How many changes there are besides the worst."""
        return len(self.moved) + len(self.figures) - 1

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return what sorts the worst first."""
        worst = self.worst
        if isinstance(worst, DistributionChange):
            return (1 if worst.is_alarming else 3, *worst.rank)
        return (0 if worst.is_critical_alert else 2, *worst.rank)


class RunDrift(msgspec.Struct, frozen=True):
    """All comparisons of one run's cohorts; figures and distributions have the worst first."""

    run_id: str
    ended_at: str
    complete: bool
    cohorts: int
    figures: list[FigureChange]
    distributions: list[DistributionChange]
    unsound: list[Unsound]
    no_baseline: list[NoBaseline]

    @property
    def alarming(self) -> list[FigureChange]:
        """The figures that are beyond a limit."""
        return [change for change in self.figures if change.drift.tier != "OK"]

    @property
    def drifted(self) -> list[DistributionChange]:
        """The distributions that have drifted."""
        return [change for change in self.distributions if change.drift.status == "drift"]

    @property
    def suspects(self) -> list[DistributionChange]:
        """What too few values keep from being a drift, each once, the least probable first.

        What may have moved for the better comes last.
        """
        suspects = [change for change in self.distributions if change.drift.suspect]
        suspects.sort(key=lambda sus: (not sus.is_alarming, sus.over_threshold[0].p_value))
        return _each_once(suspects)

    @property
    def told(self) -> list[DistributionChange]:
        """The distributions that are decided or suspect, each where it is farthest."""
        return _each_once(
            change
            for change in self.distributions
            if change.has_moved or change.drift.status == "ok"
        )

    @property
    def worst(self) -> list[FigureChange]:
        """The figures beyond a limit, each against the baseline from which it is farthest."""
        farthest: dict[tuple[CohortKey, str], FigureChange] = {}
        for change in self.alarming:
            farthest.setdefault((change.against.key, change.figure), change)
        return list(farthest.values())

    @property
    def by_cohort(self) -> list[CohortChanges]:
        """What changed in each cohort where something did, the worst cohort first.

        Those with a critical figure's ``ALERT`` come first, then those with a distribution that has
        drifted or is suspect of it; those where that is all for the better come last.
        """
        changes: defaultdict[CohortKey, CohortChanges] = defaultdict(CohortChanges)
        for moved in _each_once(change for change in self.distributions if change.has_moved):
            changes[moved.against.key].moved.append(moved)
        for figure in self.worst:
            changes[figure.against.key].figures.append(figure)
        return sorted(changes.values(), key=lambda cohort: cohort.rank)

    def document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "run_id": self.run_id,
            "ended_at": self.ended_at,
            "complete": self.complete,
            "cohorts": self.cohorts,
            "figures": [change.document() for change in self.figures],
            "distributions": [change.document() for change in self.distributions],
            "unsound": [unsound.document() for unsound in self.unsound],
            "no_baseline": [missing.document() for missing in self.no_baseline],
        }


def drift_of_run(cohorts: Sequence[CohortDrift], baseline: str | None = None) -> RunDrift:
    """Put together the drift of a run's cohorts, of which there must be one.

    With ``baseline``, only what was compared with the baseline of that name.
    """
    blocks = [
        (drift.cohort.key, name, compared)
        for drift in cohorts
        for name, compared in drift.baselines.items()
        if baseline in (None, name)
    ]
    comparisons = [
        (_against(key, name, compared.run_ids, compared.comparison), compared.comparison)
        for key, name, compared in blocks
        if compared.comparison is not None
    ]
    figures = (
        FigureChange(against, name, drift)
        for against, comparison in comparisons
        for name, drift in comparison.metrics.items()
    )
    distributions = (
        DistributionChange(against, name, drift)
        for against, comparison in comparisons
        for name, drift in comparison.distributions.items()
    )
    return RunDrift(
        run_id=cohorts[0].cohort.run_id,
        ended_at=max(drift.ended_at for drift in cohorts),
        complete=all(drift.complete for drift in cohorts),
        cohorts=len(cohorts),
        figures=sorted(figures, key=lambda change: change.rank),
        distributions=sorted(distributions, key=lambda change: change.rank),
        unsound=[
            Unsound(against, comparison.sanity_check)
            for against, comparison in comparisons
            if comparison.sanity_check.status != "OK"
        ],
        no_baseline=[
            NoBaseline(key, name, compared.reason)
            for key, name, compared in blocks
            if compared.comparison is None
        ],
    )


def _each_once(changes: Iterable[DistributionChange]) -> list[DistributionChange]:
    """Keep the first, of those that come in order, of each distribution of each cohort."""
    farthest: dict[tuple[CohortKey, str], DistributionChange] = {}
    for change in changes:
        farthest.setdefault((change.against.key, change.distribution), change)
    return list(farthest.values())


def _against(
    key: CohortKey, baseline: str, run_ids: tuple[str, ...], comparison: Comparison
) -> Against:
    attempts = comparison.metrics.get("n_attempts")
    sizes = (attempts.current, attempts.baseline) if attempts else (None, None)
    n, n_baseline = (size if isinstance(size, int) else None for size in sizes)
    return Against(key, baseline, run_ids, n, n_baseline)
