"""One cohort against one baseline: figures, distributions, and whether to believe them."""

from __future__ import annotations

import msgspec

from otel_persona.drift.distribution_drift import DistributionDrift, distribution_drifts
from otel_persona.drift.sanity import SanityCheck, sanity_check
from otel_persona.drift.tiers import FigureDrift, figure_drifts
from otel_persona.errors import IsolationError
from otel_persona.facts import Facts, Fingerprints
from otel_persona.settings import Settings


class BothFingerprints(msgspec.Struct, kw_only=True, frozen=True):
    """What each side was made with and from."""

    current: Fingerprints
    baseline: Fingerprints


class Comparison(msgspec.Struct, kw_only=True, frozen=True):
    """The drift of one cohort against one baseline, as ``telemetry_drift`` holds it.

    ``distributions`` is empty unless both sides come from attempts. ``tests`` is how many distances
    they have, and ``alpha`` the probability that all of them together give a false alarm, if
    attempts are independent.
    """

    baseline_key: str
    current_run_id: str
    baseline_run_id: str
    sanity_check: SanityCheck
    fingerprints: BothFingerprints
    metrics: dict[str, FigureDrift]
    distributions: dict[str, DistributionDrift]
    alpha: float
    tests: int


def compare(current: Facts, baseline: Facts, settings: Settings) -> Comparison:
    """Compare a cohort with a baseline, neither of which changes.

    Raises ``IsolationError`` unless stage, view, target and symbol are all the same.
    """
    _refuse_other_cohort(current, baseline)
    limits = settings.safety.telemetry.drift
    tests, distributions = 0, {}
    if current.state is not None and baseline.state is not None:
        drifts = distribution_drifts(current.state, baseline.state, settings)
        tests, distributions = drifts.tests, drifts.distributions
    return Comparison(
        baseline_key=str(current.key),
        current_run_id=current.run_id,
        baseline_run_id=baseline.run_id,
        sanity_check=sanity_check(current, baseline),
        fingerprints=BothFingerprints(current=current.fingerprints, baseline=baseline.fingerprints),
        metrics=figure_drifts(current.figures, baseline.figures, settings),
        distributions=distributions,
        alpha=limits.alpha,
        tests=tests,
    )


def _refuse_other_cohort(current: Facts, baseline: Facts) -> None:
    differing = [
        f"{part} ({getattr(current.key, part)!r} and {getattr(baseline.key, part)!r})"
        for part in current.key.__struct_fields__
        if getattr(current.key, part) != getattr(baseline.key, part)
    ]
    if differing:
        raise IsolationError(
            f"run {current.run_id} and run {baseline.run_id} must not be compared: "
            f"they differ in {', '.join(differing)}"
        )
