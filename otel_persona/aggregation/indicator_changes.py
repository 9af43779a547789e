"""Where an indicator's band differs from the one it had."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from otel_persona.aggregation.batch_summary import BatchSummary
from otel_persona.aggregation.indicators import Band, Indicator


class IndicatorChange(msgspec.Struct, kw_only=True, frozen=True):
    """An indicator entered another band; ``previous`` is ``None`` where it had none before."""

    indicator: str
    tier: str
    run_id: str
    batch_index: int
    previous: Band | None
    band: Band
    value: float
    limits: dict[str, float]
    n: int


def changes_between(
    previous: Mapping[str, Indicator], summary: BatchSummary, *, run_id: str, tier: str
) -> list[IndicatorChange]:
    """Give the indicators of a batch whose band is another than in ``previous``.

    An indicator that had no band counts as healthy until then; one that has none in this batch has
    not changed. To look past such batches, hand in what ``last_known`` keeps.
    """
    changes = []
    for name, indicator in summary.indicators.items():
        if indicator.band is None or indicator.value is None:
            continue
        before = previous[name].band if name in previous else None
        if indicator.band != (before or "healthy"):
            changes.append(
                IndicatorChange(
                    indicator=name,
                    tier=tier,
                    run_id=run_id,
                    batch_index=summary.index,
                    previous=before,
                    band=indicator.band,
                    value=indicator.value,
                    limits=indicator.limits,
                    n=indicator.n,
                )
            )
    return changes


def last_known(previous: Mapping[str, Indicator], summary: BatchSummary) -> dict[str, Indicator]:
    """Give the indicators of a batch, and for those without a band there the ``previous`` ones."""
    return {
        name: previous.get(name, indicator) if indicator.band is None else indicator
        for name, indicator in summary.indicators.items()
    }
