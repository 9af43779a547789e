"""A second receiver, which shares no code with the collector, takes the same data."""

from __future__ import annotations

from pathlib import Path

import pytest

from .otlp_json import Received
from .recount import LABELS, attributes_of_line, by_span, recount
from .sending import Senders, otlp_variables
from .servers import Collector, Prometheus, Rotel

pytestmark = pytest.mark.integration

PERSONAS = 10


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_rotel_takes_the_attempts(
    tmp_path: Path,
    collector: Collector,
    rotel: Rotel,
    prometheus: Prometheus,
    protocol: str,
    compression: str | None,
) -> None:
    """Spans, metrics and events reach it whole: what it passes on is what the lines say."""
    service = f"by rotel {protocol} {compression}"
    port = rotel.grpc if protocol == "grpc" else rotel.http
    senders = Senders(tmp_path, service, **otlp_variables(port, protocol, compression))
    senders.run("generate.py", "rotel", str(PERSONAS))

    lines = by_span(senders.lines())

    def received() -> Received:
        return collector.received().of_service(service)

    def is_whole() -> bool:
        found = received()
        has_spans = len(found.spans) >= len(lines) + PERSONAS
        return bool(has_spans and found.metrics and found.events)

    rotel.wait_until("it has passed all on", is_whole)
    found = received()
    attempts = [span for span in found.spans if span.name != "persona"]
    assert len(attempts) == len(lines)
    assert {span.span_id: span.attributes for span in attempts} == {
        span_id: attributes_of_line(line) for span_id, line in lines.items()
    }
    for things in (found.spans, found.events, found.metrics):
        assert {thing.resource["passed.on.by"] for thing in things} == {"rotel"}

    collector.settle()
    prometheus.catch_up()
    shown = prometheus.figures(service, LABELS)
    assert shown == pytest.approx(recount(senders.log), rel=1e-9)
