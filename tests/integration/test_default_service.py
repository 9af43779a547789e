"""What a user who sets nothing finds in Jaeger."""

from __future__ import annotations

from pathlib import Path

import pytest

from .sending import Senders, otlp_variables
from .servers import Collector, Jaeger

pytestmark = pytest.mark.integration


def test_a_service_without_a_name_is_otel_persona(
    tmp_path: Path, collector: Collector, jaeger: Jaeger
) -> None:
    """Without ``OTEL_SERVICE_NAME`` a run is found under our name, not ``unknown_service``."""
    senders = Senders(tmp_path, None, **otlp_variables(collector.http, "http/protobuf"))
    senders.run("generate.py", "nameless", "1")
    (line, *_) = senders.lines()
    jaeger.wait_until("it has the trace", lambda: jaeger.trace(line.trace_id or ""))
    assert "otel-persona" in jaeger.services()
    assert not [name for name in jaeger.services() if name.startswith("unknown_service")]
    for span in jaeger.trace(line.trace_id or ""):
        assert span.resource["service.name"] == "otel-persona"
        assert span.resource["service.instance.id"]
