"""Finds the indicators whose band has changed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from otel_persona.aggregation.batch_summary import BatchSummary
from otel_persona.aggregation.indicators import Band, Indicator


class IndicatorChange(msgspec.Struct, kw_only=True, frozen=True):
    """An indicator entered another band; ``previous`` is ``None`` if it had none before.

    ``batch_index`` counts batches from 0; ``limits`` and ``n`` are those of ``Indicator``.
    """

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
    """Return the indicators of a batch whose band differs from that in ``previous``.

    An indicator without a band in ``previous`` counts as healthy there; one without a band in this
    batch has not changed. To look past such batches, pass in what ``last_known`` returns.
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
    """Return the indicators of a batch, or the ``previous`` ones for those without a band."""
    return {
        name: previous.get(name, indicator) if indicator.band is None else indicator
        for name, indicator in summary.indicators.items()
    }
