"""Runs of several processes: their figures add up, and each is an instance of its own."""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import pytest

from .recount import LABELS, recount
from .sending import Senders, finish, otlp_variables
from .servers import Collector, Jaeger, Prometheus

pytestmark = pytest.mark.integration

PERSONAS_EACH = 10


@pytest.fixture(scope="module", params=["independent", "spawn", "forkserver", "fork"])
def sent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> Senders:
    """Run four programs or four workers at once, to their end; they share a log and a service."""
    variables = otlp_variables(collector.grpc, "grpc")
    senders = Senders(tmp_path_factory.mktemp("sent"), f"four by {request.param}", **variables)
    count = str(PERSONAS_EACH)
    if request.param == "independent":
        for each in [senders.start("generate.py", f"alone{n}", count) for n in range(4)]:
            finish(each)
    else:
        senders.run("workers.py", request.param, count)
    collector.settle()
    return senders


def _group(persona_id: str) -> str:
    """Return which process an attempt is of."""
    return persona_id.partition("-")[0]


def test_each_attempt_is_sent_once(sent: Senders, collector: Collector) -> None:
    """No process loses a span at its end, and no worker sends those of its parent again."""
    expected = Counter(line.span_id for line in sent.lines())

    def attempts() -> Counter[str]:
        spans = collector.received().of_service(sent.service).spans
        return Counter(span.span_id for span in spans if span.name != "persona")

    collector.wait_until("the spans are in its file", lambda: attempts() >= expected)
    assert attempts() == expected


def test_all_traces_are_there(sent: Senders, jaeger: Jaeger) -> None:
    """A search shows the traces of all processes, which the lines name."""
    traces = {line.trace_id for line in sent.lines()}
    jaeger.wait_until("it has the traces", lambda: len(jaeger.search(sent.service)) >= len(traces))
    assert {trace["traceID"] for trace in jaeger.search(sent.service)} == traces


def test_the_sums_are_those_of_all_lines(sent: Senders, prometheus: Prometheus) -> None:
    """Over all processes, counters and histograms hold each line once."""
    prometheus.catch_up()
    assert prometheus.figures(sent.service, LABELS) == pytest.approx(recount(sent.log), rel=1e-9)


def test_each_process_is_an_instance(
    sent: Senders, collector: Collector, prometheus: Prometheus
) -> None:
    """``service.instance.id`` keeps the processes apart, in the same way for spans and metrics."""
    groups = defaultdict(set)
    for span in collector.received().of_service(sent.service).spans:
        instance = span.resource["service.instance.id"]
        groups[instance].add(_group(span.attributes["persona.id"]))
    expected = {_group(line.persona_id) for line in sent.lines()}
    assert sorted(groups.values(), key=min) == [{group} for group in sorted(expected)]

    prometheus.catch_up()
    by_instance = prometheus.query(
        f"sum by (instance) (persona_attempts_total{{job={json.dumps(sent.service)}}})", "instance"
    )
    counts = Counter(_group(line.persona_id) for line in sent.lines())
    assert {instance: counts[group] for instance, (group,) in groups.items()} == {
        instance: count for (instance,), count in by_instance.items()
    }
