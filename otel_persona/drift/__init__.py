"""Compares the facts of two cohorts, and finds trends over runs.

- ``comparison``: one cohort against one baseline, as ``telemetry_drift`` holds it
- ``tiers``: each figure's change; ``sanity``: whether the comparison says anything
- ``distribution_drift``: which distributions have drifted, by ``distance_test`` decisions on
  ``distances`` between counts in ``bins``, if the ``sample_sizes`` can carry them, and
  ``verdicts`` on which way they moved
- ``counting``: a million numbers into the counts of a distribution at once
- ``trend``: where each figure is heading, by ``theil_sen`` and ``mann_kendall``
- ``chi_square``, ``kolmogorov``: what is left to chance

Nothing here depends on the time at which it runs or on the order of what it is given.
"""

from otel_persona.drift.comparison import BothFingerprints, Comparison, compare
from otel_persona.drift.counting import distribution_of
from otel_persona.drift.distance_test import Status
from otel_persona.drift.distances import Distance, kolmogorov_smirnov, psi
from otel_persona.drift.distribution_drift import DistributionDrift
from otel_persona.drift.sanity import SanityCheck, SanityStatus
from otel_persona.drift.tiers import FigureDrift, RelDeltaStatus, Tier
from otel_persona.drift.trend import FigureTrend, Trend, TrendStatus, runs_in_trend, trend_of
from otel_persona.drift.verdicts import Verdict

__all__ = [
    "BothFingerprints",
    "Comparison",
    "Distance",
    "DistributionDrift",
    "FigureDrift",
    "FigureTrend",
    "RelDeltaStatus",
    "SanityCheck",
    "SanityStatus",
    "Status",
    "Tier",
    "Trend",
    "TrendStatus",
    "Verdict",
    "compare",
    "distribution_of",
    "kolmogorov_smirnov",
    "psi",
    "runs_in_trend",
    "trend_of",
]
