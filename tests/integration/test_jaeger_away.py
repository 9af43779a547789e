"""What the collector does with spans that Jaeger cannot take."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from .server_process import free_ports, running
from .servers import Collector, Jaeger

pytestmark = pytest.mark.integration


def _send(url: str, spans: int, characters: int) -> None:
    """Send that many spans of that many characters in one message."""
    exporter = OTLPSpanExporter(f"{url}/v1/traces")
    processor = BatchSpanProcessor(
        exporter, max_queue_size=spans, max_export_batch_size=spans, schedule_delay_millis=60_000
    )
    provider = TracerProvider(resource=Resource({"service.name": "sender"}))
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("tests")
    for _ in range(spans):
        tracer.start_span("attempt", attributes={"text": "x" * characters}).end()
    provider.shutdown()


def test_spans_wait_for_jaeger_however_large_they_are(tmp_path: Path) -> None:
    """A Jaeger that restarts gets all spans, in messages below the 4 MiB that it takes."""
    (port,) = free_ports(1)
    collector = Collector(tmp_path, jaeger=port)
    with running(collector):
        collector.wait()
        _send(f"http://127.0.0.1:{collector.http}", spans=3_000, characters=2_000)
        collector.wait_until("it has tried", lambda: "Will retry" in collector.output())

        jaeger = Jaeger(tmp_path, otlp=port)
        with running(jaeger):
            jaeger.wait_until("it has all", lambda: len(jaeger.search("sender")) == 3_000)
