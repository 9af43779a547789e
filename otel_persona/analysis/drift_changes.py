"""The changes of one cohort against one baseline: figures, distributions, and how bad each is."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from otel_persona.drift import DistributionDrift, FigureDrift, SanityCheck, Verdict
from otel_persona.drift.tiers import got_worse
from otel_persona.facts import CohortKey

_TIERS = ("ALERT", "WARN", "OK")
_STATUSES = ("drift", "ok", "insufficient", "no_data")


class Against(msgspec.Struct, frozen=True):
    """One cohort against one baseline, which has a name and the runs in it, oldest first.

    ``n`` attempts are compared with ``n_baseline``; ``None`` if figures come from no attempts.
    """

    key: CohortKey
    baseline: str
    run_ids: tuple[str, ...]
    n: int | None
    n_baseline: int | None

    @property
    def rank(self) -> tuple[str, str]:
        """Return what sorts by the cohorts' and the baselines' names."""
        return str(self.key), self.baseline

    def document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            **msgspec.to_builtins(self.key),
            "baseline_name": self.baseline,
            "baseline_run_ids": list(self.run_ids),
            "n": self.n,
            "n_baseline": self.n_baseline,
        }


class FigureChange(msgspec.Struct, frozen=True):
    """One figure of a cohort against one baseline."""

    against: Against
    figure: str
    drift: FigureDrift

    @property
    def verdict(self) -> Verdict | Literal["same"]:
        """Which way it went; a text only changes."""
        drift = self.drift
        if not drift.changed:
            return "same"
        if drift.direction is None:
            return "unjudged"
        if drift.delta is None or drift.direction == "band":
            return "changed"
        return "worse" if got_worse(drift.delta, drift.direction) else "better"

    @property
    def is_critical_alert(self) -> bool:
        """Whether it is the ``ALERT`` of a critical figure."""
        return self.drift.is_critical and self.drift.tier == "ALERT"

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return what sorts the worst first: critical alerts, alerts, warnings, then by size."""
        drift = self.drift
        tier = _TIERS.index(drift.tier)
        # From nothing to something counts as doubling.
        size = float(drift.changed) if drift.rel_delta is None else abs(drift.rel_delta)
        return (not self.is_critical_alert, tier, -size, self.figure, *self.against.rank)

    def document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        drift = msgspec.to_builtins(self.drift)
        return {**self.against.document(), "figure": self.figure, "verdict": self.verdict, **drift}


class Distance(NamedTuple):
    """How far a distribution is from its baseline, by one measure, and how probable by chance."""

    name: str
    value: float
    p_value: float


class DistributionChange(msgspec.Struct, frozen=True):
    """One distribution of a cohort against one baseline."""

    against: Against
    distribution: str
    drift: DistributionDrift

    @property
    def has_moved(self) -> bool:
        """Whether it has drifted, or only too few values keep it from that."""
        return self.drift.status == "drift" or self.drift.suspect

    @property
    def is_alarming(self) -> bool:
        """Whether it has moved, and not for the better."""
        return self.has_moved and self.drift.verdict not in ("better", "unjudged")

    @property
    def over_threshold(self) -> list[Distance]:
        """The distances over the specified threshold, the least probable first."""
        drift = self.drift
        distances = [
            Distance(name, value, p_value)
            for name, value, p_value, is_over in (
                ("PSI", drift.psi, drift.psi_p_value, drift.psi_over_threshold),
                ("KS", drift.ks, drift.ks_p_value, drift.ks_over_threshold),
            )
            if value is not None and p_value is not None and is_over
        ]
        return sorted(distances, key=lambda distance: distance.p_value)

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return what sorts the worst first: what has drifted, is suspect of it, then by PSI."""
        return (
            not self.is_alarming,
            not self.has_moved,
            _STATUSES.index(self.drift.status),
            -(self.drift.psi or 0.0),
            self.distribution,
            *self.against.rank,
        )

    def document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        drift = msgspec.to_builtins(self.drift)
        return {**self.against.document(), "distribution": self.distribution, **drift}


class Unsound(msgspec.Struct, frozen=True):
    """A comparison that says little, by its sanity check."""

    against: Against
    check: SanityCheck

    def document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {**self.against.document(), **msgspec.to_builtins(self.check)}


class NoBaseline(msgspec.Struct, frozen=True):
    """A cohort that had nothing to be compared with, and why."""

    key: CohortKey
    baseline: str
    reason: str

    def document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        key = msgspec.to_builtins(self.key)
        return {**key, "baseline_name": self.baseline, "reason": self.reason}
