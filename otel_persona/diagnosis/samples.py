"""What ``doctor`` sends: one attempt's span, one metric and one log event, marked as its own.

The metric is not one of a run's, so that no figure of a run is disturbed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from google.protobuf.message import Message
from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from otel_persona.delivery import Signal
from otel_persona.instrumentation import attempt, telemetry
from otel_persona.instrumentation.telemetry import Telemetry
from otel_persona.semconv import DOCTOR, DOCTOR_CHECKS, DOCTOR_EVENT, SCOPE_NAME, Attribute
from otel_persona.settings import Settings
from otel_persona.setup.providers import own_resource
from otel_persona.version import __version__


class Sample(NamedTuple):
    """What is sent of one signal: its name, and the request that holds it."""

    name: str
    request: Message


def make_samples(run_id: str) -> Mapping[Signal, Sample]:
    """Make the sample of each signal, under the resource that a program started here would have."""
    resource = _resource()
    return {signal: make(resource, run_id) for signal, make in _MAKERS.items()}


def new_run_id() -> str:
    """Return a run id that marks what the doctor sent: ``doctor_20260131_143200``."""
    return f"{DOCTOR}_{datetime.now(UTC):%Y%m%d_%H%M%S}"


def _resource() -> Resource:
    in_use = getattr(trace.get_tracer_provider(), "resource", None)
    return in_use if isinstance(in_use, Resource) else own_resource()


def _attempt(resource: Resource, run_id: str) -> Sample:
    """Make one attempt by the decorator's own code, in a stage that no run has."""
    spans = InMemorySpanExporter()
    provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    before = telemetry.installed()
    telemetry.install(
        Telemetry(
            Settings(run_id=run_id, stages=(DOCTOR,)),
            tracer_provider=provider,
            meter_provider=NoOpMeterProvider(),
        )
    )
    try:
        with attempt(stage=DOCTOR, persona_id=DOCTOR):
            pass
    finally:
        telemetry.install(before)
    finished = spans.get_finished_spans()
    return Sample(f"span {finished[0].name}", encode_spans(finished))


def _metric(resource: Resource, _run_id: str) -> Sample:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = provider.get_meter(SCOPE_NAME, __version__)
    described = DOCTOR_CHECKS
    meter.create_counter(described.name, described.unit, described.description).add(1)
    data = reader.get_metrics_data()
    if data is None:
        raise RuntimeError("the SDK has collected nothing")
    return Sample(f"metric {described.name}", encode_metrics(data))


def _event(resource: Resource, run_id: str) -> Sample:
    events = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # the SDK says no type
    provider = LoggerProvider(resource, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(events))
    provider.get_logger(SCOPE_NAME, __version__).emit(
        timestamp=time.time_ns(),
        event_name=DOCTOR_EVENT,
        severity_number=SeverityNumber.INFO,
        severity_text=SeverityNumber.INFO.name,
        body="otel-persona doctor looked whether events arrive",
        attributes={Attribute.RUN_ID: run_id},
    )
    return Sample(f"event {DOCTOR_EVENT}", encode_logs(events.get_finished_logs()))


_MAKERS: dict[Signal, Callable[[Resource, str], Sample]] = {
    "traces": _attempt,
    "metrics": _metric,
    "logs": _event,
}
