"""Metrics as ``semconv`` describes them, made on a meter of OpenTelemetry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Histogram, Meter, MeterProvider, Observation

from otel_persona import forks
from otel_persona.semconv import OTHER, SCOPE_NAME, Instrument
from otel_persona.version import __version__

Labels = tuple[str, ...]
"""The values of an instrument's labels, in their order."""

_T = TypeVar("_T")


def histogram(meter: Meter, instrument: Instrument) -> Histogram:
    """Make a histogram that is recorded in place."""
    return meter.create_histogram(
        instrument.name,
        instrument.unit,
        instrument.description,
        explicit_bucket_boundaries_advisory=instrument.boundaries,
    )


def observe(
    meter: Meter, instrument: Instrument, read: Callable[[], Mapping[Labels, float]]
) -> None:
    """Make a counter or a gauge whose values are read whenever metrics are collected."""

    def callback(_: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(value, dict(zip(instrument.labels, labels, strict=True)))
            for labels, value in list(read().items())
        ]

    create = (
        meter.create_observable_counter
        if instrument.kind == "counter"
        else meter.create_observable_gauge
    )
    create(instrument.name, [callback], instrument.unit, instrument.description)


class BoundedLabel(dict[str, str]):
    """Gives the first ``limit`` values of a label as they are; all later ones read ``other``."""

    limit = 1

    def __missing__(self, value: str) -> str:
        if len(self) >= self.limit:
            return OTHER
        self[value] = value
        return value


class OncePerProvider(Generic[_T]):
    """Makes something on a meter once for each meter provider, and for the global one.

    The SDK warns about instruments that are made twice, and what they counted must go on.
    """

    def __init__(self, make: Callable[[Meter], _T]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[MeterProvider, _T] = WeakKeyDictionary()
        self._made_on_global: _T | None = None
        self._renew_lock()
        forks.in_child(self._renew_lock)

    def _renew_lock(self) -> None:
        self._lock = threading.RLock()

    def on(self, meter_provider: MeterProvider | None) -> _T:
        """Give what was made on this provider; ``None`` is the global one, now or later."""
        with self._lock:
            if meter_provider is None:
                if self._made_on_global is None:
                    self._made_on_global = self._make(metrics.get_meter(SCOPE_NAME, __version__))
                return self._made_on_global
            made = self._made.get(meter_provider)
            if made is None:
                meter = meter_provider.get_meter(SCOPE_NAME, __version__)
                made = self._made[meter_provider] = self._make(meter)
            return made
