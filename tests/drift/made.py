"""Facts and states of cohorts for drift."""

from __future__ import annotations

from collections.abc import Iterable

from otel_persona.drift import DistributionDrift
from otel_persona.drift.distribution_drift import distribution_drifts
from otel_persona.facts import Categories, CohortKey, CohortState, Distribution, Facts, Figure
from otel_persona.settings import Safety, Settings, SidecarDrift, SidecarSettings

KEY = CohortKey("B", "CROSS_SECTIONAL", "25K")


def facts(
    figures: dict[str, Figure], run: str = "now", *, key: CohortKey = KEY, ended: int = 1
) -> Facts:
    """Make the facts of figures that come from no attempts; ``ended`` is a day of the month."""
    return Facts(key=key, run_id=run, ended_at=f"2026-02-{ended:02}T00:00:00.000Z", figures=figures)


def scored(numbers: Iterable[float] | Distribution) -> CohortState:
    """Make the state of a cohort that has one score only."""
    is_made = isinstance(numbers, Distribution)
    return CohortState(scores={"s": numbers if is_made else Distribution.of(numbers)})


def opened(moves: Iterable[str]) -> CohortState:
    """Make the state of a cohort that has opening moves only."""
    names = named(moves)
    return CohortState(attempts=names.n, opening_moves=names)


def named(names: Iterable[str]) -> Categories:
    """Count names."""
    categories = Categories()
    categories.add_all(names)
    return categories


def drift_of(
    current: CohortState, baseline: CohortState, limits: SidecarDrift | None = None
) -> DistributionDrift:
    """Compare two states that have one distribution in common."""
    drifts = distribution_drifts(current, baseline, with_limits(limits or SidecarDrift()))
    (known,) = (
        drift
        for name, drift in drifts.distributions.items()
        if name != "repaired" and (drift.n_current or drift.n_baseline)
    )
    return known


def with_limits(limits: SidecarDrift) -> Settings:
    """Make settings that compare with these limits."""
    return Settings(safety=Safety(telemetry=SidecarSettings(drift=limits)))
