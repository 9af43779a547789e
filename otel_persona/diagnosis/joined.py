"""What providers lack that are already there, such as those of ``opentelemetry-instrument``.

Such providers are joined and never changed, so whoever made them has to add what is missing. The
SDK has no public way to ask a provider for its processors and readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource

from otel_persona.diagnosis.surroundings import Finding
from otel_persona.processors import (
    AttemptSampler,
    AttemptSpanProcessor,
    DriftProcessor,
    UsageProcessor,
)
from otel_persona.setup.pipeline import Pipeline

_OURS = (Pipeline, AttemptSpanProcessor, DriftProcessor, UsageProcessor)


def providers() -> Iterator[Finding]:
    """Look at the global providers; without any, at the resource that new ones would have."""
    provider: Any = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        yield from _resource(Resource.create())
        return
    yield from _resource(getattr(provider, "resource", Resource.get_empty()))
    processors = _parts(provider, "_active_span_processor._span_processors")
    if processors is not None and all(isinstance(processor, _OURS) for processor in processors):
        yield Finding("the tracer provider has no processor that sends spans", True)
    if not isinstance(getattr(provider, "sampler", None), AttemptSampler):
        yield Finding(
            "the tracer provider's sampler is no AttemptSampler: until configure(...) puts one "
            "around it, attempts that it drops are in no line and no figure",
            False,
        )
    if _parts(metrics.get_meter_provider(), "_metric_readers") == ():
        yield Finding("the meter provider has no reader that sends metrics", True)
    if _parts(get_logger_provider(), "_multi_log_record_processor._log_record_processors") == ():
        yield Finding("the logger provider has no processor that sends events", True)


def _resource(resource: Resource) -> Iterator[Finding]:
    if str(resource.attributes.get(SERVICE_NAME, "unknown_service")).startswith("unknown_service"):
        yield Finding("service.name is not set: set OTEL_SERVICE_NAME to what you look for", False)
    if SERVICE_INSTANCE_ID not in resource.attributes:
        yield Finding(
            "service.instance.id is not set, so the metrics of several processes are mixed up: "
            "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS=service_instance sets it",
            False,
        )


def _parts(provider: object, path: str) -> Sequence[object] | None:
    """Return what an SDK provider holds under this path; ``None`` for any other provider."""
    found: Any = provider
    for name in path.split("."):
        found = getattr(found, name, None)
    return None if found is None else tuple(found)
