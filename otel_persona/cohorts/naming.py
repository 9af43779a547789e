"""What the sidecars are called: after ``telemetry``, as specified, or after ``metrics``.

The rename of 2025-12-15 is the setting ``naming: metrics``: the facts are then the key ``facts`` of
``metrics.json``. Cohorts of both namings are read side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

from otel_persona.settings import Naming

METADATA = "metadata.json"
"""Written last: with it, a cohort exists."""
FIGURES = "metrics.json"
AUDIT = "audit_report.json"
FACTS_KEY = "facts"
"""Where the facts are within ``metrics.json``, with ``naming: metrics``."""


@dataclass(frozen=True, slots=True)
class SidecarNames:
    """The sidecars' file names without their ending ``.json`` or ``.parquet``."""

    facts: str
    drift: str
    trend: str
    rollup: str

    @property
    def facts_are_inside(self) -> bool:
        """Whether the facts are a key of ``metrics.json`` and have no JSON file of their own."""
        return f"{self.facts}.json" == FIGURES

    def files(self) -> tuple[str, ...]:
        """Name all files that a cohort's folder may have under this naming alone."""
        facts = () if self.facts_are_inside else (f"{self.facts}.json",)
        return (
            *facts,
            f"{self.facts}.parquet",
            f"{self.drift}.json",
            f"{self.drift}.parquet",
            f"{self.trend}.json",
        )


_NAMES: dict[Naming, SidecarNames] = {
    "telemetry": SidecarNames(
        facts="telemetry_metrics",
        drift="telemetry_drift",
        trend="telemetry_trend",
        rollup="telemetry_rollup",
    ),
    "metrics": SidecarNames(
        facts="metrics",
        drift="metrics_drift",
        trend="metrics_trend",
        rollup="metrics_rollup",
    ),
}
BOTH = tuple(_NAMES.values())


def names_of(naming: Naming) -> SidecarNames:
    """Return the file names of a naming."""
    return _NAMES[naming]
