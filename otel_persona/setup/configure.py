"""``configure``: from settings to a running pipeline."""

from __future__ import annotations

import atexit
import os
from typing import Unpack

from opentelemetry._logs import LoggerProvider
from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import TracerProvider

from otel_persona.exporters import AttemptFileExporter
from otel_persona.instrumentation import telemetry
from otel_persona.instrumentation.telemetry import Clock, Telemetry
from otel_persona.processors import AttemptSpanProcessor, DriftProcessor, UsageProcessor
from otel_persona.processors.drift import OnBatch, OnIndicatorChange
from otel_persona.settings import Settings, SettingValues, load_settings, switched_off
from otel_persona.setup import providers
from otel_persona.setup.handle import Handle, run_within
from otel_persona.setup.otlp import exporters
from otel_persona.setup.pipeline import Pipeline, pipeline_on

_EXIT_TIMEOUT_S = 10.0

_active: Handle | None = None
_pipeline: Pipeline | None = None
_built = providers.Built()


def configure(
    *,
    settings: str | os.PathLike[str] | None = None,
    clock: Clock | None = None,
    on_batch: OnBatch | None = None,
    on_indicator_change: OnIndicatorChange | None = None,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    logger_provider: LoggerProvider | None = None,
    **values: Unpack[SettingValues],
) -> Handle:
    """Set this process up; everything is optional.

    ``values`` are the settings (see ``Settings``); they beat those of the ``settings`` file (YAML,
    or TOML by its ending), which beat ``OTEL_PERSONA_*``. Providers that exist are joined and
    never replaced: those given, else the global ones; missing ones are built from ``OTEL_*``. With
    ``log`` alone nothing is sent anywhere. ``on_batch`` gets each closed batch's ``BatchSummary``,
    ``on_indicator_change`` each ``IndicatorChange``. ``clock`` gives nanoseconds since the epoch,
    for a replay that says how long an attempt took.

    A later call takes the place of an earlier one. With ``OTEL_SDK_DISABLED=true`` nothing is set
    up. Raises ``SettingsError`` with every problem.
    """
    global _active, _pipeline
    checked = load_settings(values, file=settings)
    _retire()
    if switched_off():
        return Handle((), ())
    spans = exporters("traces", checked.otlp) if tracer_provider is None else []
    provider = providers.join_or_build(tracer_provider)
    if meter_provider is None:
        providers.build_meter_provider(checked.otlp, _built)
    if logger_provider is None:
        providers.build_logger_provider(checked.otlp, _built)
    in_use = Telemetry(
        checked,
        tracer_provider=tracer_provider,
        meter_provider=meter_provider,
        clock=clock,
    )
    drift = DriftProcessor(
        checked,
        on_batch=on_batch,
        on_indicator_change=on_indicator_change,
        meter_provider=meter_provider,
        logger_provider=logger_provider,
    )
    if provider is not None:
        providers.keep_attempts(provider)
        _pipeline = pipeline_on(provider)
        local = [UsageProcessor(), *_log_writers(checked, in_use.run_id), drift]
        _pipeline.processors = [*local, *(BatchSpanProcessor(exporter) for exporter in spans)]
    telemetry.install(in_use)
    _active = _handle(_pipeline)
    return _active


def configure_from_environment() -> None:
    """Set up where ``OTEL_PERSONA_*`` asks for it and nobody called ``configure``."""
    asked = os.environ.get("OTEL_PERSONA_LOG") or os.environ.get("OTEL_PERSONA_SETTINGS")
    if asked and not switched_off():
        configure()


def shutdown(timeout_s: float = 10.0) -> bool:
    """Shut down what ``configure`` has set up; ``False`` where it took longer."""
    return _active.shutdown(timeout_s) if _active is not None else True


def _log_writers(settings: Settings, run_id: str) -> list[SpanProcessor]:
    if settings.log is None:
        return []
    exporter = AttemptFileExporter(
        settings.log,
        run_id=run_id,
        fsync=settings.fsync,
        pending_records=settings.pending_records,
    )
    return [AttemptSpanProcessor(exporter)]


def _handle(pipeline: Pipeline | None) -> Handle:
    spans = pipeline or Pipeline()
    return Handle(
        flush=(lambda left: spans.force_flush(int(left * 1000)), _built.force_flush),
        close=(lambda _left: spans.shutdown(), _built.shutdown),
    )


def _retire() -> None:
    """Close what an earlier call has set up; providers that it built go on."""
    global _active
    if _active is not None and _pipeline is not None and not _active.closed:
        run_within(_EXIT_TIMEOUT_S, [lambda _left: _pipeline.shutdown()])
        _pipeline.processors = ()
    _active = None


atexit.register(shutdown, _EXIT_TIMEOUT_S)
