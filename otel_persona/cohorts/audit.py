"""``audit_report.json``: whether what a cohort says can be trusted, and what speaks against it.

A cohort of a complete run that has no violations becomes a good baseline by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from otel_persona.cohorts.json_files import read_json
from otel_persona.cohorts.naming import AUDIT
from otel_persona.cohorts.tree import Cohort
from otel_persona.drift import Comparison, DistributionDrift, SanityStatus, Verdict

_ALARMING: tuple[Verdict, ...] = ("worse", "changed")
# With a baseline that cannot be compared there is nothing to find fault with.
_NO_FAULT: tuple[SanityStatus, ...] = ("OK", "INCOMPARABLE")


class Remark(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One finding: the rule, against which baseline, what it is about, and one sentence."""

    rule: str
    message: str
    baseline: str | None = None
    subject: str | None = None


class AuditReport(msgspec.Struct, kw_only=True, frozen=True):
    """The findings; ``is_valid`` if there are no violations."""

    is_valid: bool
    has_warnings: bool
    violations: list[Remark]
    warnings: list[Remark]


class _Verdict(msgspec.Struct, frozen=True):
    """What others need to know of the file."""

    is_valid: bool


def audit(comparisons: Mapping[str, Comparison], warnings: list[Remark]) -> AuditReport:
    """Judge a cohort by its comparisons, by the names of their baselines.

    Violations are a sanity check that found a copy or the run itself, a critical figure's
    ``ALERT``, and a distribution that has drifted, or is suspect of it, other than for the better.
    Other drift and alerts, and a critical figure's ``WARN``, are warnings, after those given.
    """
    violations: list[Remark] = []
    warnings = list(warnings)
    for baseline, comparison in comparisons.items():
        violations += _violations(baseline, comparison)
        warnings += _warnings(baseline, comparison)
    return AuditReport(
        is_valid=not violations,
        has_warnings=bool(warnings),
        violations=violations,
        warnings=warnings,
    )


def is_valid(cohort: Cohort) -> bool:
    """Read whether a saved cohort is valid; raises ``CohortError`` if the report is damaged."""
    verdict: _Verdict = read_json(cohort.folder / AUDIT, _Verdict)
    return verdict.is_valid


def _violations(baseline: str, comparison: Comparison) -> Iterator[Remark]:
    check = comparison.sanity_check
    if check.status not in _NO_FAULT:
        yield Remark(rule=check.status.lower(), message=check.message, baseline=baseline)
    for name, figure in comparison.metrics.items():
        if figure.is_critical and figure.tier == "ALERT":
            yield _of_figure("critical_figure", baseline, comparison, name)
    for name, distribution in comparison.distributions.items():
        if distribution.verdict in _ALARMING:
            yield from _of_distribution(baseline, name, distribution)


def _warnings(baseline: str, comparison: Comparison) -> Iterator[Remark]:
    check = comparison.sanity_check
    if check.status == "INCOMPARABLE":
        yield Remark(rule="incomparable", message=check.message, baseline=baseline)
    for name, distribution in comparison.distributions.items():
        if distribution.verdict not in _ALARMING:
            yield from _of_distribution(baseline, name, distribution)
    for name, figure in comparison.metrics.items():
        if figure.tier == ("WARN" if figure.is_critical else "ALERT"):
            yield _of_figure("figure", baseline, comparison, name)


def _of_distribution(baseline: str, name: str, distribution: DistributionDrift) -> Iterator[Remark]:
    if distribution.status == "drift":
        found = "has drifted"
    elif distribution.suspect:
        found = "is suspect of drift"
    else:
        return
    yield Remark(
        rule="distribution_drift",
        message=f"the distribution of {name} {found} ({distribution.verdict}): "
        f"{distribution.reason}",
        baseline=baseline,
        subject=name,
    )


def _of_figure(rule: str, baseline: str, comparison: Comparison, name: str) -> Remark:
    figure = comparison.metrics[name]
    return Remark(
        rule=rule,
        message=f"{name} went from {figure.baseline} to {figure.current}: {figure.tier}",
        baseline=baseline,
        subject=name,
    )
