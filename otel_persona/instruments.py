"""Creates the metrics that ``semconv`` describes on an OpenTelemetry meter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar
from weakref import ref

from opentelemetry import metrics
from opentelemetry.metrics import (
    Asynchronous,
    CallbackOptions,
    Histogram,
    Meter,
    MeterProvider,
    Observation,
)

from otel_persona.concurrency import forks
from otel_persona.semconv import OTHER, SCOPE_NAME, Instrument
from otel_persona.version import __version__

Labels = tuple[str, ...]
"""The values of an instrument's labels, in order."""

_T = TypeVar("_T")


def histogram(meter: Meter, instrument: Instrument) -> Histogram:
    """Create a synchronous histogram."""
    return meter.create_histogram(
        instrument.name,
        instrument.unit,
        instrument.description,
        explicit_bucket_boundaries_advisory=instrument.boundaries,
    )


def observe(
    meter: Meter, instrument: Instrument, read: Callable[[], Mapping[Labels, float]]
) -> Asynchronous:
    """Create a counter or gauge whose values are read whenever metrics are collected.

    The caller keeps it, and the meter: Logfire's meters, which outlive its providers, do not.
    """

    def callback(_: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(value, dict(zip(instrument.labels, labels, strict=True)))
            for labels, value in list(read().items())
        ]

    create: Callable[..., Asynchronous] = (
        meter.create_observable_counter
        if instrument.kind == "counter"
        else meter.create_observable_gauge
    )
    return create(instrument.name, [callback], instrument.unit, instrument.description)


class BoundedLabel(dict[str, str]):
    """Maps the first ``limit`` values of a label to themselves, and any later one to ``other``."""

    limit = 1

    def __missing__(self, value: str) -> str:
        if len(self) >= self.limit:
            return OTHER
        self[value] = value
        return value


class OncePerProvider(Generic[_T]):
    """Makes something on a meter once per meter provider, including the global one.

    The SDK warns about instruments created twice, and their counts must continue.
    """

    def __init__(self, make: Callable[[Meter], _T]) -> None:
        self._make = make
        # Not a mapping: Logfire's provider has no hash.
        self._made: list[tuple[ref[MeterProvider], _T]] = []
        self._made_on_global: _T | None = None
        self._renew_lock()
        forks.in_child(self._renew_lock)

    def _renew_lock(self) -> None:
        self._lock = threading.RLock()

    def on(self, meter_provider: MeterProvider | None) -> _T:
        """Return what was made on this provider; ``None`` is the global one, now or later."""
        with self._lock:
            if meter_provider is None:
                if self._made_on_global is None:
                    self._made_on_global = self._make(metrics.get_meter(SCOPE_NAME, __version__))
                return self._made_on_global
            self._made = [known for known in self._made if known[0]() is not None]
            for provider, made in self._made:
                if provider() is meter_provider:
                    return made
            made = self._make(meter_provider.get_meter(SCOPE_NAME, __version__))
            self._made.append((ref(meter_provider), made))
            return made
