"""Gauges for the figures of the last batch and the tier, and for the indicators' bands.

They are observable: a synchronous gauge is exported only in the interval in which it was set, and
a batch may take longer than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from opentelemetry.metrics import Meter

from otel_persona.aggregation import BatchSummary, Indicator, TierSummary
from otel_persona.concurrency import forks
from otel_persona.instruments import BoundedLabel, Labels, OncePerProvider, observe
from otel_persona.semconv import (
    BATCH_GAUGES,
    BATCH_SCORE,
    INDICATOR_BAND,
    OTHER,
    TIER_GAUGES,
    Instrument,
)

_BANDS = {"healthy": 0, "warning": 1, "critical": 2}


class FigureGauges:
    """The gauges on one meter; they show what was last passed to ``show``."""

    def __init__(self, meter: Meter) -> None:
        self._values: dict[str, dict[Labels, float]] = {}
        self._validators = BoundedLabel()
        instruments = (*BATCH_GAUGES.values(), BATCH_SCORE, *TIER_GAUGES.values(), INDICATOR_BAND)
        for instrument in instruments:
            self._values[instrument.name] = {}
        self._kept = (
            meter,
            [
                observe(meter, instrument, partial(self._values.__getitem__, instrument.name))
                for instrument in instruments
            ],
        )
        forks.in_child(self._show_nothing)

    def show(self, batch: BatchSummary, tier: TierSummary, validators: int) -> None:
        """Show the figures of a closed batch and of its tier.

        Only the first ``validators`` validators ever seen are shown, as their names come from the
        data.
        """
        for figure, instrument in BATCH_GAUGES.items():
            self._set(instrument, (tier.tier,), getattr(batch, figure))
        for figure, instrument in TIER_GAUGES.items():
            self._set(instrument, (tier.tier,), getattr(tier, figure))
        self._validators.limit = validators
        self._show_scores(tier.tier, batch.mean_validator_scores)
        self._show_bands(tier.tier, batch.indicators)

    def _show_scores(self, tier: str, scores: Mapping[str, float | None]) -> None:
        others = self._values[BATCH_SCORE.name].items()
        shown = {labels: score for labels, score in others if labels[1] != tier}
        for name, score in scores.items():
            # A mean over all other validators would be meaningless.
            if score is not None and self._validators[name] != OTHER:
                shown[name, tier] = score
        self._values[BATCH_SCORE.name] = shown

    def _show_bands(self, tier_label: str, indicators: Mapping[str, Indicator]) -> None:
        for name, indicator in indicators.items():
            band = _BANDS[indicator.band] if indicator.band is not None else None
            self._set(INDICATOR_BAND, (name, tier_label), band)

    def _set(self, instrument: Instrument, labels: Labels, value: float | None) -> None:
        if value is None:
            self._values[instrument.name].pop(labels, None)
        else:
            # OTLP has no boolean data points, and one of them would fail the whole export.
            self._values[instrument.name][labels] = int(value) if isinstance(value, bool) else value

    def _show_nothing(self) -> None:
        """Drop all values, as a forked child must: they are its parent's."""
        for values in self._values.values():
            values.clear()


gauges: OncePerProvider[FigureGauges] = OncePerProvider(FigureGauges)
