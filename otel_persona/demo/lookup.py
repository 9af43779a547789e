"""Where a run that was sent can be looked at, with the servers of ``collector-config/``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec
from opentelemetry import trace

from otel_persona.semconv import Attribute, Label

_JAEGER_PORT = 16686
_PROMETHEUS_PORT = 9090


class Lookup(NamedTuple):
    """An address that opens Jaeger's search for the run, Prometheus, and queries for it."""

    jaeger: str
    prometheus: str
    queries: tuple[str, ...]


def find_run(otlp: str, run_id: str, *, began_ns: int, ended_ns: int) -> Lookup:
    """Say where to look at a run that was sent to ``otlp``.

    The servers are taken to be on the collector's machine. The times are those of the run's spans:
    Jaeger searches the last hour unless told otherwise.
    """
    resource = _resource()
    host = urlsplit(otlp).hostname or "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    search = urlencode(
        {
            "service": resource.get("service.name", ""),
            "tags": msgspec.json.encode({Attribute.RUN_ID: run_id}).decode(),
            "start": began_ns // 1_000,
            "end": ended_ns // 1_000 + 1,
            "lookback": "custom",
            "limit": 20,
        }
    )
    return Lookup(
        jaeger=f"http://{host}:{_JAEGER_PORT}/search?{search}",
        prometheus=f"http://{host}:{_PROMETHEUS_PORT}",
        queries=_queries(resource.get("service.instance.id", "")),
    )


def _queries(instance: str) -> tuple[str, ...]:
    this = f'{{instance="{instance}"}}'
    duration = f"persona_attempt_duration_seconds_bucket{this}"
    return (
        f"sum by ({Label.STAGE}, {Label.STATUS}) (persona_attempts_total{this})",
        f"max by ({Label.INDICATOR}) (persona_indicator_band{this})",
        f"histogram_quantile(0.95, sum by ({Label.STAGE}, le) ({duration}))",
    )


def _resource() -> Mapping[str, Any]:
    """Return what the spans of this process say of where they are from."""
    resource = getattr(trace.get_tracer_provider(), "resource", None)
    return resource.attributes if resource is not None else {}
