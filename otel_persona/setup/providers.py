"""The process's providers: existing ones are joined, missing ones are built."""

from __future__ import annotations

import logging
import sys
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry._logs import LoggerProvider as LoggerProviderApi
from opentelemetry._logs import NoOpLoggerProvider, get_logger_provider, set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider

from otel_persona.concurrency import forks
from otel_persona.delivery import EventQueue, SendingMetricReader
from otel_persona.masking import masked_address
from otel_persona.processors import AttemptSampler
from otel_persona.setup.destinations import declarative_file
from otel_persona.setup.exporter_factories import ExporterFactory, exporter_factories
from otel_persona.setup.pipeline import TakesProcessors

_log = logging.getLogger("otel_persona")


class OwnProviders:
    """The providers built here, which are ours to flush and shut down."""

    def __init__(self) -> None:
        self.tracer_provider: TracerProvider | None = None
        self.meter_provider: MeterProvider | None = None
        self.logger_provider: LoggerProvider | None = None
        self.metric_readers: list[MetricReader] = []
        self.event_queues: list[EventQueue] = []
        self.addresses: dict[Any, str | None] = {}
        """Where each provider was told to send to; ``None`` is what the environment says."""
        forks.in_child(self._renew_readers)

    def sends(self) -> bool:
        """Return whether metrics or events are sent."""
        return bool(self.metric_readers or self.event_queues)

    def force_flush(self, timeout_s: float) -> bool:
        """Send what the providers hold; ``False`` if not all of it arrives."""
        timeout_millis = int(timeout_s * 1000)
        flushed = [reader.force_flush(timeout_millis) for reader in self.metric_readers]
        flushed += [queue.force_flush(timeout_millis) for queue in self.event_queues]
        return all(flushed)

    def shutdown(self, timeout_s: float) -> bool:
        """Send what the providers hold, and shut them down; ``False`` if not all of it arrives."""
        flushed = self.force_flush(timeout_s)
        for reader in self.metric_readers:
            if isinstance(reader, SendingMetricReader):
                reader.stop()  # its provider would have it send once more
        for provider in (self.meter_provider, self.logger_provider):
            if provider is not None:
                provider.shutdown()
        self.meter_provider = self.logger_provider = None
        self.metric_readers, self.event_queues = [], []
        return flushed

    def flush_joined(self, timeout_s: float) -> None:
        """Send what global providers hold that somebody else has built."""
        ours = (self.tracer_provider, *self.addresses)
        for provider in (
            trace.get_tracer_provider(),
            metrics.get_meter_provider(),
            get_logger_provider(),
        ):
            if hasattr(provider, "force_flush") and not any(provider is own for own in ours):
                provider.force_flush(int(timeout_s * 1000))

    def _renew_readers(self) -> None:
        """Start anew in a forked child, whose parent reports what was counted before."""
        if self.meter_provider is None:
            return
        for at, reader in enumerate(self.metric_readers):
            if isinstance(reader, SendingMetricReader):
                self.metric_readers[at] = reader.successor()
                self.meter_provider.remove_metric_reader(reader)
                self.meter_provider.add_metric_reader(self.metric_readers[at])


def join_or_build(
    given: trace.TracerProvider | None, built: OwnProviders
) -> TakesProcessors | None:
    """Return the tracer provider for our processors.

    It is the one ``given``, else the global one, which is built if there is none; ``None`` if it
    takes no processors.
    """
    provider = _behind(given if given is not None else trace.get_tracer_provider())
    if isinstance(provider, trace.ProxyTracerProvider):
        _warn_of_unread_file()
        provider = TracerProvider(resource=own_resource(), shutdown_on_exit=False)
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


def _warn_of_unread_file() -> None:
    """Warn if nothing is sent because of a declarative file that nobody has read."""
    if (file := declarative_file()) and "opentelemetry.configuration" not in sys.modules:
        _log.warning(
            "OTEL_CONFIG_FILE names %s, which stands in for the other variables, but nothing has "
            "read it; start the program with opentelemetry-instrument, or unset the variable",
            file,
        )


def _behind(provider: Any) -> Any:
    """Return the provider that does the work: Logfire's global one is a proxy in front of it."""
    worker = getattr(provider, "provider", None)
    return worker if hasattr(worker, "add_span_processor") else provider


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
    readers = [_reader(factory) for factory in exporter_factories("metrics", otlp)]
    if readers:
        built.metric_readers = readers
        # The provider flushes the readers of this very list, which a forked child renews.
        built.meter_provider = MeterProvider(
            readers, resource=own_resource(), shutdown_on_exit=False
        )
        built.addresses[built.meter_provider] = otlp
        metrics.set_meter_provider(built.meter_provider)


def build_logger_provider(otlp: str | None, built: OwnProviders) -> None:
    """Build the global logger provider if there is none and events are to be sent."""
    provider: LoggerProviderApi = get_logger_provider()
    if hasattr(provider, "force_flush") or isinstance(provider, NoOpLoggerProvider):
        _warn_of_joined(provider, otlp, built)
        return
    queues = [EventQueue(factory) for factory in exporter_factories("logs", otlp)]
    if queues:
        built.event_queues = queues
        built.logger_provider = LoggerProvider(resource=own_resource(), shutdown_on_exit=False)
        for queue in queues:
            built.logger_provider.add_log_record_processor(queue)
        built.addresses[built.logger_provider] = otlp
        set_logger_provider(built.logger_provider)


def _warn_of_joined(provider: object, otlp: str | None, built: OwnProviders) -> None:
    """Warn if an address is given that this existing provider cannot send to."""
    is_open = provider in (built.meter_provider, built.logger_provider)
    if otlp is not None and not (is_open and built.addresses[provider] == otlp):
        _log.warning(
            "%s does not go to %s: there is one already, and it can no longer be told to",
            type(provider).__name__,
            masked_address(otlp),
        )


def _reader(factory: ExporterFactory) -> MetricReader:
    """Make the reader for an exporter; some names in the environment mean a reader."""
    if _makes_reader(factory):
        reader: MetricReader = factory()
        return reader
    return SendingMetricReader.through(factory)


def _makes_reader(factory: ExporterFactory) -> bool:
    return isinstance(factory, type) and issubclass(factory, MetricReader)


def own_resource() -> Resource:
    """Return the resource of providers built here: the environment's, named after us if unnamed."""
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return resource.merge(Resource({SERVICE_NAME: "otel-persona"}))
    return resource
