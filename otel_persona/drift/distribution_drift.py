"""Which distributions of a cohort have drifted from those of a baseline.

A distribution has drifted if a distance is over its threshold *and* chance is no likely reason for
it: the p-value is below ``alpha`` divided by the number of tests, so that one comparison of all
distributions gives a false alarm with a probability of ``alpha`` at most.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from otel_persona.drift.bins import at_equal_precision, decile_bins, name_bins
from otel_persona.drift.distance_test import DistanceTest, Status
from otel_persona.drift.distances import kolmogorov_smirnov, psi
from otel_persona.drift.sample_sizes import KS_SIZE, PSI_SIZE
from otel_persona.facts import Categories, CohortState, Distribution
from otel_persona.settings import SidecarDrift

# Anchors are many; those that are not among the most frequent share a bin.
_MOST_NAMES = {"anchors_used": 20}
_WORST_FIRST: tuple[Status, ...] = ("drift", "ok", "insufficient", "no_data")


class DistributionDrift(msgspec.Struct, kw_only=True, frozen=True):
    """One distribution of the current cohort against the baseline's.

    ``psi`` and ``ks`` are the distances, each with the mean that chance alone gives it, its p-value
    and whether it is over the specified threshold, whatever the samples' sizes. ``psi_status`` and
    ``ks_status`` are the decisions, ``status`` the worse of the two, and ``reason`` says why one is
    not a plain ``ok``. Names have no ``ks``. ``n_current`` and ``n_baseline`` count values or
    mentions. ``value_error`` is by how much numbers may be rounded, relative to themselves.
    """

    kind: Literal["numeric", "categorical"]
    n_current: int
    n_baseline: int
    value_error: float = 0.0
    status: Status = "no_data"
    reason: str | None = None
    psi: float | None = None
    psi_noise_floor: float | None = None
    psi_p_value: float | None = None
    psi_over_threshold: bool | None = None
    psi_status: Status | None = None
    ks: float | None = None
    ks_noise_floor: float | None = None
    ks_p_value: float | None = None
    ks_over_threshold: bool | None = None
    ks_status: Status | None = None


class DistributionDrifts(msgspec.Struct, frozen=True):
    """All distributions by name, and how many tests decided about them."""

    tests: int
    distributions: dict[str, DistributionDrift]


class _Pair(msgspec.Struct, frozen=True):
    """Two samples of one distribution, and their distances, none if a sample has no values."""

    undecided: DistributionDrift
    psi: DistanceTest | None = None
    ks: DistanceTest | None = None

    @property
    def tests(self) -> list[DistanceTest]:
        return [test for test in (self.psi, self.ks) if test is not None]


def distribution_drifts(
    current: CohortState, baseline: CohortState, limits: SidecarDrift
) -> DistributionDrifts:
    """Compare all distributions of two cohorts.

    Only distances between samples that are large enough count as tests.
    """
    pairs = _numeric_pairs(current, baseline, limits)
    pairs |= _categorical_pairs(current, baseline, limits)
    tests = sum(test.is_sufficient for pair in pairs.values() for test in pair.tests)
    level = limits.alpha / max(tests, 1)
    return DistributionDrifts(tests, {name: _decided(pairs[name], level) for name in sorted(pairs)})


def _numeric_pairs(
    current: CohortState, baseline: CohortState, limits: SidecarDrift
) -> dict[str, _Pair]:
    here, there = current.numeric_distributions(), baseline.numeric_distributions()
    none = Distribution()
    return {
        name: _numeric_pair(here.get(name, none), there.get(name, none), limits)
        for name in here.keys() | there.keys()
    }


def _numeric_pair(current: Distribution, baseline: Distribution, limits: SidecarDrift) -> _Pair:
    a, b = at_equal_precision(current, baseline)
    n, m = a.n, b.n
    undecided = DistributionDrift(
        kind="numeric", n_current=n, n_baseline=m, value_error=max(a.error, b.error)
    )
    if not (n and m):
        return _Pair(undecided)
    index = psi(*decile_bins(a.counts, b.counts))
    distance = kolmogorov_smirnov(a.counts, b.counts)
    return _Pair(
        undecided,
        DistanceTest("PSI", index, limits.psi_threshold, PSI_SIZE, n, m),
        DistanceTest("KS", distance, limits.ks_threshold, KS_SIZE, n, m),
    )


def _categorical_pairs(
    current: CohortState, baseline: CohortState, limits: SidecarDrift
) -> dict[str, _Pair]:
    there = baseline.categorical_distributions()
    return {
        name: _categorical_pair(names, there[name], _MOST_NAMES.get(name), limits)
        for name, names in current.categorical_distributions().items()
    }


def _categorical_pair(
    current: Categories, baseline: Categories, most: int | None, limits: SidecarDrift
) -> _Pair:
    n, m = current.n, baseline.n
    undecided = DistributionDrift(kind="categorical", n_current=n, n_baseline=m)
    if not (n and m):
        return _Pair(undecided)
    index = psi(*name_bins(current, baseline, most))
    return _Pair(undecided, DistanceTest("PSI", index, limits.psi_threshold, PSI_SIZE, n, m))


def _decided(pair: _Pair, level: float) -> DistributionDrift:
    if not pair.tests:
        side = "current run" if not pair.undecided.n_current else "baseline"
        return msgspec.structs.replace(pair.undecided, reason=f"the {side} has no values")
    reasons = [reason for test in pair.tests if (reason := test.reason(level)) is not None]
    return msgspec.structs.replace(
        pair.undecided,
        status=min((test.status(level) for test in pair.tests), key=_WORST_FIRST.index),
        reason="; ".join(reasons) or None,
        **_fields("psi", pair.psi, level),
        **_fields("ks", pair.ks, level),
    )


def _fields(prefix: str, test: DistanceTest | None, level: float) -> dict[str, Any]:
    if test is None:
        return {}
    return {
        prefix: test.distance.value,
        f"{prefix}_noise_floor": test.distance.noise_floor,
        f"{prefix}_p_value": test.distance.p_value,
        f"{prefix}_over_threshold": test.is_over,
        f"{prefix}_status": test.status(level),
    }
