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
from otel_persona.drift.verdicts import Verdict, verdict_on_names, verdict_on_numbers
from otel_persona.facts import Categories, CohortState, Distribution
from otel_persona.settings import Settings, SidecarDrift

# Anchors are many; those that are not among the most frequent share a bin.
_MOST_NAMES = {"anchors_used": 20}
_WORST_FIRST: tuple[Status, ...] = ("drift", "ok", "insufficient", "no_data")


class DistributionDrift(msgspec.Struct, kw_only=True, frozen=True):
    """One distribution of the current cohort against the baseline's.

    ``psi`` and ``ks`` are the distances, each with the mean that chance alone gives it, its p-value
    and whether it is over the specified threshold, whatever the samples' sizes. ``psi_status`` and
    ``ks_status`` are the decisions, ``status`` the worse of the two, and ``reason`` says why one is
    not a plain ``ok``. ``suspect`` is what would be a drift if its values were not too few for a
    decision. ``verdict`` says which way it moved. Names have no ``ks``. ``n_current`` and
    ``n_baseline`` count values; of names, mentions or, if these are fewer, attempts: what one
    attempt mentions belongs together. ``value_error`` is by how much numbers may be rounded,
    relative to themselves.
    """

    kind: Literal["numeric", "categorical"]
    n_current: int
    n_baseline: int
    value_error: float = 0.0
    status: Status = "no_data"
    suspect: bool = False
    verdict: Verdict | None = None
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
    current: CohortState, baseline: CohortState, settings: Settings
) -> DistributionDrifts:
    """Compare all distributions of two cohorts.

    A distance that cannot be other than 0, as between samples of one name, is no test.
    """
    pairs = _numeric_pairs(current, baseline, settings)
    pairs |= _categorical_pairs(current, baseline, settings.safety.telemetry.drift)
    tests = sum(test.distance.noise_floor > 0 for pair in pairs.values() for test in pair.tests)
    level = settings.safety.telemetry.drift.alpha / max(tests, 1)
    return DistributionDrifts(tests, {name: _decided(pairs[name], level) for name in sorted(pairs)})


def _numeric_pairs(
    current: CohortState, baseline: CohortState, settings: Settings
) -> dict[str, _Pair]:
    here, there = current.numeric_distributions(), baseline.numeric_distributions()
    none = Distribution()
    return {
        name: _numeric_pair(name, here.get(name, none), there.get(name, none), settings)
        for name in here.keys() | there.keys()
    }


def _numeric_pair(
    name: str, current: Distribution, baseline: Distribution, settings: Settings
) -> _Pair:
    a, b = at_equal_precision(current, baseline)
    n, m = a.n, b.n
    undecided = DistributionDrift(
        kind="numeric", n_current=n, n_baseline=m, value_error=max(a.error, b.error)
    )
    if not (n and m):
        return _Pair(undecided)
    limits = settings.safety.telemetry.drift
    distance = kolmogorov_smirnov(a.counts, b.counts)
    return _Pair(
        msgspec.structs.replace(
            undecided,
            verdict=verdict_on_numbers(name, a.counts, b.counts, distance.noise_floor, settings),
        ),
        DistanceTest(
            "PSI", psi(*decile_bins(a.counts, b.counts)), limits.psi_threshold, PSI_SIZE, n, m
        ),
        DistanceTest("KS", distance, limits.ks_threshold, KS_SIZE, n, m),
    )


def _categorical_pairs(
    current: CohortState, baseline: CohortState, limits: SidecarDrift
) -> dict[str, _Pair]:
    here, there = current.categorical_distributions(), baseline.categorical_distributions()
    return {
        name: _categorical_pair(
            name,
            names,
            there[name],
            (min(names.n, current.attempts), min(there[name].n, baseline.attempts)),
            limits,
        )
        for name, names in here.items()
    }


def _categorical_pair(
    name: str,
    current: Categories,
    baseline: Categories,
    sizes: tuple[int, int],
    limits: SidecarDrift,
) -> _Pair:
    undecided = DistributionDrift(kind="categorical", n_current=sizes[0], n_baseline=sizes[1])
    if not all(sizes):
        return _Pair(undecided)
    counts = name_bins(current, baseline, _MOST_NAMES.get(name), sizes)
    return _Pair(
        msgspec.structs.replace(undecided, verdict=verdict_on_names(name, current, baseline)),
        DistanceTest("PSI", psi(*counts, sizes), limits.psi_threshold, PSI_SIZE, *sizes),
    )


def _decided(pair: _Pair, level: float) -> DistributionDrift:
    if not pair.tests:
        side = "current run" if not pair.undecided.n_current else "baseline"
        return msgspec.structs.replace(pair.undecided, reason=f"the {side} has no values")
    reasons = [reason for test in pair.tests if (reason := test.reason(level)) is not None]
    status = min((test.status(level) for test in pair.tests), key=_WORST_FIRST.index)
    return msgspec.structs.replace(
        pair.undecided,
        status=status,
        suspect=status != "drift" and any(test.is_unlikely(level) for test in pair.tests),
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
