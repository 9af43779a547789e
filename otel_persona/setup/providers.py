"""The process's providers: existing ones are joined, missing ones are built."""

from __future__ import annotations

import logging
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry._logs import LoggerProvider as LoggerProviderApi
from opentelemetry._logs import NoOpLoggerProvider, get_logger_provider, set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider

from otel_persona.processors import AttemptSampler
from otel_persona.setup.pipeline import TakesProcessors
from otel_persona.setup.senders import exporters

_log = logging.getLogger("otel_persona")


class OwnProviders:
    """The providers built here, which are ours to flush and shut down."""

    def __init__(self) -> None:
        self.tracer_provider: TracerProvider | None = None
        self.providers: list[MeterProvider | LoggerProvider] = []

    def force_flush(self, timeout_s: float) -> bool:
        """Send what the providers hold."""
        timeout_millis = int(timeout_s * 1000)
        flushed = [provider.force_flush(timeout_millis) for provider in self.providers]
        return all(flushed)

    def shutdown(self, _timeout_s: float) -> None:
        """Send what the providers hold, and shut them down."""
        while self.providers:
            self.providers.pop().shutdown()


def join_or_build(
    given: trace.TracerProvider | None, built: OwnProviders
) -> TakesProcessors | None:
    """Return the tracer provider for our processors.

    It is the one ``given``, else the global one, which is built if there is none; ``None`` if it
    takes no processors.
    """
    provider: Any = given if given is not None else trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        built.tracer_provider = provider
        trace.set_tracer_provider(provider)
    if not hasattr(provider, "add_span_processor"):
        _log.warning(
            "the tracer provider %s takes no span processors, so no attempt is kept; "
            "opentelemetry.sdk.trace.TracerProvider does",
            type(provider).__name__,
        )
        return None
    taking: TakesProcessors = provider
    return taking


def keep_attempts(provider: Any) -> None:
    """Wrap our sampler around the provider's, and around the copies that its tracers hold."""
    tracers = list(getattr(provider, "_tracers", {}).values())
    for holder in (provider, *tracers):
        sampler = getattr(holder, "sampler", None)
        if sampler is not None and not isinstance(sampler, AttemptSampler):
            holder.sampler = AttemptSampler(sampler)


def build_meter_provider(otlp: str | None, built: OwnProviders) -> None:
    """Build the global meter provider if there is none and metrics are to be sent."""
    provider = metrics.get_meter_provider()
    if hasattr(provider, "force_flush") or isinstance(provider, metrics.NoOpMeterProvider):
        _warn_of_joined(provider, otlp, built)
        return
    readers = [_reader(exporter) for exporter in exporters("metrics", otlp)]
    if readers:
        meter_provider = MeterProvider(readers, resource=_resource(), shutdown_on_exit=False)
        metrics.set_meter_provider(meter_provider)
        built.providers.append(meter_provider)


def build_logger_provider(otlp: str | None, built: OwnProviders) -> None:
    """Build the global logger provider if there is none and events are to be sent."""
    provider: LoggerProviderApi = get_logger_provider()
    if hasattr(provider, "force_flush") or isinstance(provider, NoOpLoggerProvider):
        _warn_of_joined(provider, otlp, built)
        return
    sending = exporters("logs", otlp)
    if sending:
        logger_provider = LoggerProvider(resource=_resource(), shutdown_on_exit=False)
        for exporter in sending:
            logger_provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        set_logger_provider(logger_provider)
        built.providers.append(logger_provider)


def _warn_of_joined(provider: object, otlp: str | None, built: OwnProviders) -> None:
    """Warn if an address is given that this existing provider cannot send to."""
    if otlp is not None and provider not in built.providers:
        _log.warning(
            "%s does not go to %s: there is one already, and it can no longer be told to",
            type(provider).__name__,
            otlp,
        )


def _reader(exporter_or_reader: Any) -> MetricReader:
    if isinstance(exporter_or_reader, MetricReader):
        return exporter_or_reader
    return PeriodicExportingMetricReader(exporter_or_reader)


def _resource() -> Resource:
    """Return the environment's resource, with our service name if none is set."""
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return resource.merge(Resource({SERVICE_NAME: "otel-persona"}))
    return resource
