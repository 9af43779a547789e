"""Gauges of the last batch's and the tier's figures, and of the indicators' bands.

They are observed: a synchronous gauge is exported only in the interval in which it was set, and a
batch may take longer than that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from weakref import WeakKeyDictionary

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from otel_persona.aggregation import BatchSummary, Indicator, TierSummary
from otel_persona.semconv import (
    BATCH_GAUGES,
    BATCH_SCORE,
    INDICATOR_BAND,
    SCOPE_NAME,
    TIER_GAUGES,
    Instrument,
)

_BANDS = {"healthy": 0, "warning": 1, "critical": 2}
_Labels = tuple[str, ...]


class FigureGauges:
    """The gauges on one meter; they show what ``show`` was given last."""

    def __init__(self, meter: metrics.Meter) -> None:
        self._values: dict[str, dict[_Labels, float]] = {}
        for instrument in (
            *BATCH_GAUGES.values(),
            BATCH_SCORE,
            *TIER_GAUGES.values(),
            INDICATOR_BAND,
        ):
            self._values[instrument.name] = {}
            meter.create_observable_gauge(
                instrument.name,
                [partial(self._observe, instrument)],
                instrument.unit,
                instrument.description,
            )

    def show(self, tier_label: str, batch: BatchSummary, tier: TierSummary) -> None:
        """Show the figures of a batch that has closed, and of its tier."""
        for figure, instrument in BATCH_GAUGES.items():
            self._set(instrument, (tier_label,), getattr(batch, figure))
        for figure, instrument in TIER_GAUGES.items():
            self._set(instrument, (tier_label,), getattr(tier, figure))
        for validator, score in batch.mean_validator_scores.items():
            self._set(BATCH_SCORE, (validator, tier_label), score)
        self._show_bands(tier_label, batch.indicators)

    def _show_bands(self, tier_label: str, indicators: Mapping[str, Indicator]) -> None:
        for name, indicator in indicators.items():
            if indicator.band is not None:
                self._set(INDICATOR_BAND, (name, tier_label), _BANDS[indicator.band])

    def _set(self, instrument: Instrument, labels: _Labels, value: float | None) -> None:
        if value is None:
            self._values[instrument.name].pop(labels, None)
        else:
            self._values[instrument.name][labels] = value

    def _observe(self, instrument: Instrument, _: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(value, dict(zip(instrument.labels, labels, strict=True)))
            for labels, value in list(self._values[instrument.name].items())
        ]


_global_gauges: FigureGauges | None = None
_gauges_of: WeakKeyDictionary[metrics.MeterProvider, FigureGauges] = WeakKeyDictionary()


def gauges_on(meter_provider: metrics.MeterProvider | None) -> FigureGauges:
    """Give the gauges on this provider, the global one for ``None``; each has them once."""
    global _global_gauges
    if meter_provider is None:
        if _global_gauges is None:
            _global_gauges = FigureGauges(metrics.get_meter(SCOPE_NAME))
        return _global_gauges
    known = _gauges_of.get(meter_provider)
    if known is None:
        known = _gauges_of[meter_provider] = FigureGauges(meter_provider.get_meter(SCOPE_NAME))
    return known
