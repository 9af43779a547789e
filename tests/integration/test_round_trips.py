"""Decorated code, over OTLP, through the collector: to Jaeger, to Prometheus and to a file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from otel_persona.semconv import INSTRUMENTS

from .otlp_json import Span
from .recount import LABELS, attributes_of_line, attributes_of_scope, by_span, recount
from .sending import BATCH, RUN_ID, TIER, Senders, otlp_variables
from .servers import Collector, Jaeger, Prometheus

pytestmark = pytest.mark.integration

PERSONAS = 20
LABELS_OF = {each.prometheus_name: set(each.labels) for each in INSTRUMENTS}
OF_COLLECTOR = "__name__|job|instance|le|otel_scope_"


@pytest.fixture(
    scope="module",
    params=[
        "grpc",
        "grpc gzip",
        "http/protobuf",
        "http/protobuf gzip",
        "configure(otlp='grpc://…')",
        "configure(otlp='http://…')",
    ],
)
def sent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> Senders:
    """Run a program that generates personas and sends to the collector, to its end."""
    protocol, _, compression = request.param.partition(" ")
    port = collector.grpc if "grpc" in protocol else collector.http
    folder = tmp_path_factory.mktemp("sent")
    if protocol.startswith("configure"):
        scheme = "grpc" if "grpc" in protocol else "http"
        senders = Senders(folder, request.param)
        senders.run("generate.py", "persoană", str(PERSONAS), f"{scheme}://127.0.0.1:{port}")
    else:
        variables = otlp_variables(port, protocol, compression or None)
        senders = Senders(folder, request.param, **variables)
        senders.run("generate.py", "persoană", str(PERSONAS))
    collector.settle()
    return senders


def _check_attempts(sent: Senders, spans: list[Span]) -> None:
    """Check that there is one span for each line, with every value of the line."""
    lines = by_span(sent.lines())
    attempts = [span for span in spans if span.name != "persona"]
    assert len(attempts) == len(lines)
    assert {span.span_id: span.attributes for span in attempts} == {
        span_id: attributes_of_line(line) for span_id, line in lines.items()
    }
    for span in attempts:
        line = lines[span.span_id]
        assert span.name == f"generate_persona {line.stage}"
        assert span.trace_id == line.trace_id
        assert round(span.duration_ms) == line.latency_ms
        failed = {"code": 2, "message": line.error}
        assert span.status == (failed if line.status == "fail" else {})
        assert span.resource["service.name"] == sent.service


def _check_scopes(sent: Senders, spans: list[Span]) -> None:
    """Check that there is one span for each persona, above its attempts, which it counts."""
    scopes = {span.span_id: span for span in spans if span.name == "persona"}
    inside = [line for line in sent.lines() if line.stage != "validation"]
    assert len(scopes) == PERSONAS
    assert {span.attributes["persona.id"]: span.attributes for span in scopes.values()} == {
        line.persona_id: attributes_of_scope(line, inside) for line in inside
    }
    for span in spans:
        if span.name == "persona" or span.attributes["persona.stage"] == "validation":
            assert span.parent_span_id == ""
        else:
            scope = scopes[span.parent_span_id]
            assert scope.attributes["persona.id"] == span.attributes["persona.id"]
            assert scope.trace_id == span.trace_id


def test_jaeger_gives_each_trace_back(sent: Senders, jaeger: Jaeger) -> None:
    """Every attempt is in its trace with every value of its line, below its persona."""
    traces = {line.trace_id: None for line in sent.lines()}
    jaeger.wait_until("it has the traces", lambda: len(jaeger.search(sent.service)) >= len(traces))
    spans = [span for trace_id in traces for span in jaeger.trace(trace_id or "")]
    _check_attempts(sent, spans)
    _check_scopes(sent, spans)


def test_jaeger_search_shows_what_the_lines_say(sent: Senders, jaeger: Jaeger) -> None:
    """A user who searches for the service sees its attempts, and nothing else."""
    lines = by_span(sent.lines())
    traces = {line.trace_id for line in lines.values()}
    jaeger.wait_until("it has the traces", lambda: len(jaeger.search(sent.service)) >= len(traces))
    assert sent.service in jaeger.services()
    found = jaeger.search(sent.service)
    assert {trace["traceID"] for trace in found} == traces
    attempts = [
        span
        for trace in found
        for span in trace["spans"]
        if span["operationName"].startswith("generate_persona ")
    ]
    assert {span["spanID"]: _tags(span) for span in attempts} == {
        span_id: attributes_of_line(line) for span_id, line in lines.items()
    }


def _tags(span: Mapping[str, Any]) -> dict[str, Any]:
    """Return our attributes of a span that a search has found; lists are JSON in text there."""
    lists = ("persona.repairs", "persona.constraint_categories", "persona.anchors_used")
    return {
        tag["key"]: json.loads(tag["value"]) if tag["key"] in lists else tag["value"]
        for tag in span["tags"]
        if tag["key"].startswith(("persona.", "gen_ai.", "error."))
    }


def test_prometheus_counts_what_the_lines_say(sent: Senders, prometheus: Prometheus) -> None:
    """Counters, and the sums and counts of histograms, are those of a recount of the log."""
    prometheus.catch_up()
    shown = prometheus.figures(sent.service, LABELS)
    assert shown == pytest.approx(recount(sent.log), rel=1e-9)


def test_the_file_holds_the_attempts(sent: Senders, collector: Collector) -> None:
    """What the collector wrote down are the same attempts, no more and no fewer."""

    expected = len(sent.lines()) + PERSONAS
    collector.wait_until(
        "the spans are in its file",
        lambda: len(collector.received().of_service(sent.service).spans) >= expected,
    )
    spans = collector.received().of_service(sent.service).spans
    _check_attempts(sent, spans)
    _check_scopes(sent, spans)


def test_the_file_holds_the_events(sent: Senders, collector: Collector) -> None:
    """An indicator that has turned is told with its run and its value, by batches of ten lines."""
    collector.wait_until(
        "the events are in its file", lambda: collector.received().of_service(sent.service).events
    )
    events = collector.received().of_service(sent.service).events
    for event in events:
        assert event.name == "persona.drift"
        assert event.attributes["persona.run.id"] == RUN_ID
    (first,) = (
        event
        for event in events
        if event.attributes["persona.indicator.name"] == "repair_rate"
        and event.attributes["persona.batch.index"] == 0
        and event.attributes["persona.tier"] == TIER
    )
    batch = [line for line in sent.lines() if line.tier == TIER][:BATCH]
    assert (
        first.attributes["persona.indicator.value"] == sum(bool(x.repairs) for x in batch) / BATCH
    )
    assert first.severity == "ERROR"


def test_prometheus_shows_the_last_batch(sent: Senders, prometheus: Prometheus) -> None:
    """The gauges of a batch are those of each tier's last lines."""
    prometheus.catch_up()
    service = json.dumps(sent.service)
    shown = prometheus.query(f"persona_batch_repair_rate{{job={service}}}", "tier")
    last = {}
    for (tier,) in shown:
        lines = [line for line in sent.lines() if line.tier == tier]
        batch = lines[-(len(lines) % BATCH or BATCH) :]
        last[(tier,)] = sum(bool(line.repairs) for line in batch) / len(batch)
    assert len(last) == 2
    assert shown == pytest.approx(last)


def test_labels_are_those_of_the_signals(sent: Senders, prometheus: Prometheus) -> None:
    """Each metric has its own labels and no others, and none of them holds an id or an anchor."""
    prometheus.catch_up()
    series = prometheus.series(f'{{job={json.dumps(sent.service)}, __name__=~"persona_.*"}}')
    for labels in series:
        name = re.sub("_(bucket|sum|count)$", "", labels["__name__"])
        ours = {label for label in labels if not re.match(OF_COLLECTOR, label)}
        assert ours == LABELS_OF[name], labels
    values = {value for labels in series for value in labels.values()}
    for line in sent.lines():
        ids = {line.run_id, line.persona_id, line.trace_id, line.span_id}
        assert values.isdisjoint({*ids, *line.anchors_used})
