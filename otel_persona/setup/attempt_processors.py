"""Our processors that the settings ask for, in order."""

from __future__ import annotations

from opentelemetry._logs import LoggerProvider
from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.trace import SpanProcessor

from otel_persona.exporters import AttemptFileExporter
from otel_persona.processors import AttemptSpanProcessor, DriftProcessor, UsageProcessor
from otel_persona.processors.drift import OnBatch, OnIndicatorChange
from otel_persona.settings import Settings


def attempt_processors(
    settings: Settings,
    run_id: str,
    *,
    on_batch: OnBatch | None,
    on_indicator_change: OnIndicatorChange | None,
    meter_provider: MeterProvider | None,
    logger_provider: LoggerProvider | None,
) -> list[SpanProcessor]:
    """Make the processors that read usage, write the log, fold the figures, and write sidecars."""
    processors: list[SpanProcessor] = [UsageProcessor()]
    if settings.log is not None:
        exporter = AttemptFileExporter(
            settings.log,
            run_id=run_id,
            fsync=settings.fsync,
            pending_records=settings.pending_records,
        )
        processors.append(AttemptSpanProcessor(exporter))
    processors.append(
        DriftProcessor(
            settings,
            on_batch=on_batch,
            on_indicator_change=on_indicator_change,
            meter_provider=meter_provider,
            logger_provider=logger_provider,
        )
    )
    if settings.sidecars is not None and settings.safety.telemetry.enabled:
        processors.append(_sidecars(settings, settings.sidecars))
    return processors


def _sidecars(settings: Settings, tree: str) -> SpanProcessor:
    from otel_persona.exporters.cohort_exporter import CohortExporter  # only if asked for

    return AttemptSpanProcessor(CohortExporter(tree, settings=settings))
