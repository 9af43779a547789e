"""The rollup of one view: every cohort's figures, their spread, and all attempts together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from otel_persona.cohorts.summary_statistics import SummaryStatistics, summarise
from otel_persona.facts import (
    SCHEMA_VERSION,
    CohortKey,
    CohortState,
    Facts,
    Figure,
    View,
    cohort_figures,
    encode_state,
)
from otel_persona.settings import Prices

Figures = dict[str, Figure]


class MergedCohorts(msgspec.Struct, kw_only=True, frozen=True):
    """All attempts of several cohorts as one; ``cohorts`` is how many of them have attempts.

    Percentiles in ``figures`` are those of the attempts, not means of the cohorts' percentiles.
    """

    cohorts: int
    figures: dict[str, float | None]
    state: CohortState


class Skipped(msgspec.Struct, frozen=True):
    """Something damaged in the tree: its path from the tree's root, and why it was skipped."""

    path: str
    reason: str


class ViewRollup(msgspec.Struct, kw_only=True, frozen=True):
    """One run in one view; nothing of another view is in it.

    ``cohorts`` are the figures of each. ``complete`` says whether the run had ended in all of them.
    ``aggregated`` summarises each figure over all cohorts, ``aggregated_by_symbol`` over the
    targets of each symbol. ``merged`` is ``None`` if no cohort comes from attempts. ``skipped`` is
    what is damaged, and in no figure.
    """

    stage: str
    view: View
    run_id: str
    complete: bool
    cohorts: dict[CohortKey, Figures]
    aggregated: dict[str, SummaryStatistics]
    aggregated_by_symbol: dict[str, dict[str, SummaryStatistics]]
    merged: MergedCohorts | None
    skipped: tuple[Skipped, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``telemetry_rollup.json``, but for its ``timestamp``."""
        content = {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "stage": self.stage,
            "view": self.view,
            "complete": self.complete,
            "targets": _by_target(self.cohorts),
            "symbols": _by_symbol(self.cohorts),
            "aggregated_metrics": self.aggregated,
            "aggregated_by_symbol": self.aggregated_by_symbol,
            "merged": self.merged and _merged_json(self.merged),
            "skipped": self.skipped,
        }
        plain: dict[str, Any] = msgspec.to_builtins(content)
        return plain


def roll_up(
    stage: str, view: View, run_id: str, cohorts: Iterable[Facts], prices: Prices
) -> ViewRollup:
    """Roll up the cohorts of one run in one view; each is let go once it is read."""
    figures: dict[CohortKey, Figures] = {}
    together = CohortState()
    with_attempts = 0
    complete = True
    for facts in cohorts:
        figures[facts.key] = facts.figures
        complete = complete and facts.complete
        if facts.state is not None:
            together.merge(facts.state)
            with_attempts += 1
    return ViewRollup(
        stage=stage,
        view=view,
        run_id=run_id,
        complete=complete,
        cohorts=figures,
        aggregated=summarise(figures.values()),
        aggregated_by_symbol={
            symbol: summarise(targets.values()) for symbol, targets in _by_symbol(figures).items()
        },
        merged=MergedCohorts(
            cohorts=with_attempts, figures=cohort_figures(together, prices), state=together
        )
        if with_attempts
        else None,
    )


def _by_target(cohorts: Mapping[CohortKey, Figures]) -> dict[str, Any]:
    """Nest figures under their target and, if it has any, the symbol."""
    targets: dict[str, Any] = {}
    for key, figures in cohorts.items():
        if key.symbol is None:
            targets[key.target] = figures
        else:
            targets.setdefault(key.target, {})[key.symbol] = figures
    return targets


def _by_symbol(cohorts: Mapping[CohortKey, Figures]) -> dict[str, dict[str, Figures]]:
    """Nest figures under their symbol and the target; those without a symbol are left out."""
    symbols: dict[str, dict[str, Figures]] = {}
    for key, figures in cohorts.items():
        if key.symbol is not None:
            symbols.setdefault(key.symbol, {})[key.target] = figures
    return symbols


def _merged_json(merged: MergedCohorts) -> dict[str, Any]:
    return {
        "cohorts": merged.cohorts,
        "figures": merged.figures,
        "state": encode_state(merged.state),
    }
