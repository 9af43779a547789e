"""The process's telemetry: the tracer, the metrics, the clock and the settings in use.

There is one at a time. ``otel_persona.configure`` installs it; without that call, the first attempt
makes one from the environment and the global providers, a no-op if no SDK is set up.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from opentelemetry import metrics, trace

from otel_persona import activation
from otel_persona.concurrency.interruptions import pass_on
from otel_persona.errors import SettingsError
from otel_persona.instrumentation.metrics import attempt_metrics
from otel_persona.records import tallies
from otel_persona.semconv import SCOPE_NAME
from otel_persona.settings import Settings, load_settings, read_settings, switched_off
from otel_persona.version import __version__

Clock = Callable[[], int]
"""Returns nanoseconds since the epoch."""


ClockReading = tuple[int, int]
"""A moment: nanoseconds since the epoch, and nanoseconds of a monotonic clock."""


class Telemetry:
    """Where attempts report to: final ``settings``, a tracer and the metrics."""

    def __init__(
        self,
        settings: Settings,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.run_id = settings.run_id or _new_run_id(settings.tier)
        self.tier = settings.tier_of(self.run_id)
        self.tracer = trace.get_tracer(SCOPE_NAME, __version__, tracer_provider=tracer_provider)
        self.metrics = attempt_metrics.on(meter_provider)
        self.metrics.set_limits(settings.label_values, settings.prices)
        self._clock = clock

    def read_clock(self) -> ClockReading:
        """Read the clock: the machine's own, or the one set for a replay."""
        if self._clock is not None:
            now = self._clock()
            return now, now
        return time.time_ns(), time.perf_counter_ns()


_installed: Telemetry | None = None
_from_environment: Settings | None = None
_lock = threading.RLock()


def install(telemetry: Telemetry | None) -> None:
    """Make this the process's telemetry; with ``None``, the next attempt makes a new one."""
    global _installed
    _installed = telemetry


def installed() -> Telemetry | None:
    """Return the process's telemetry, if there is one."""
    return _installed


def in_use() -> Telemetry:
    """Return the process's telemetry, making it if need be; never raises."""
    if _installed is not None:
        return _installed
    with _lock:
        if _installed is None:
            _activate()
        return _installed or _plain()


def known_settings() -> Settings:
    """Return the settings as far as they are known now.

    Raises ``SettingsError`` if the environment's settings are wrong, unless all is switched off.
    """
    global _from_environment
    if _installed is not None:
        return _installed.settings
    if _from_environment is None:
        _from_environment = read_settings().settings if switched_off() else load_settings()
    return _from_environment


def _activate() -> None:
    try:
        activation.on_first_use()
    except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
        pass_on(fault)
        tallies.rejected.add("settings", f"the environment's settings are not used: {fault}")


def _plain() -> Telemetry:
    """Install telemetry on the global providers, with the environment's settings if valid."""
    try:
        settings = known_settings()
    except SettingsError:
        settings = Settings()
    telemetry = Telemetry(settings)
    install(telemetry)
    return telemetry


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_renew_lock)


def _new_run_id(tier: str | None) -> str:
    return f"{tier or 'run'}_{datetime.now(UTC):%Y%m%d_%H%M%S}"
