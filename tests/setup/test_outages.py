"""A collector that takes nothing, or not everything: what is lost is counted, and told once."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]
Lines = Callable[..., Any]


# Loss is read from a reader of the program's own; sending gives up soon, after a try and another.
LOST = """
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
meters = MeterProvider([reader])

def lost():
    return {"/".join(point.attributes[label] for label in ("signal", "reason")): point.value
            for resource in reader.get_metrics_data().resource_metrics
            for scope in resource.scope_metrics for metric in scope.metrics
            if metric.name == "persona.export.lost" for point in metric.data.data_points}
"""
QUICK = {
    "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
    "OTEL_BSP_SCHEDULE_DELAY": "100",
    "OTEL_BSP_MAX_QUEUE_SIZE": "100",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "50",
}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_dead_collector_costs_no_line_and_each_span_is_counted(
    run: Run, lines: Lines, closed_port: int, protocol: str
) -> None:
    """The sum of what is counted is what was made; one sentence names the address."""
    ended = run(
        LOST
        + f"""
handle = op.configure(log="generation.log", otlp="{protocol}://127.0.0.1:{closed_port}",
                      meter_provider=meters)
for number in range(400): generate(str(number))
say(flushed=handle.force_flush(30), lost=lost())
say(stopped=op.shutdown(30))
""",
        **QUICK,
    )

    flushed, stopped = ended.said
    assert flushed["flushed"] is False
    assert sum(flushed["lost"].values()) == 400
    assert flushed["lost"]["traces/queue_full"] >= 200
    assert stopped == {"stopped": False}
    assert len(lines()) == 400
    (told,) = ended.errors.splitlines()
    over_http = (
        f"spans are lost on the way to http://127.0.0.1:{closed_port}/v1/traces: "
        f"[Errno {errno.ECONNREFUSED}] Connection refused "
        "(told once, counted always in persona.export.lost)"
    )
    if protocol == "http":
        assert told == over_http
    assert told.startswith("spans are lost on the way to ")
    assert f"127.0.0.1:{closed_port}" in told
    assert "onnection refused" in told


def test_a_collector_that_is_too_slow_is_told_of(run: Run, http_collector: Any) -> None:
    """Nothing fails, and spans are lost all the same: more are made than it takes."""
    never = threading.Event()
    http_collector.answer = lambda path: 200 + never.wait(1)
    ended = run(
        f"""
handle = op.configure(otlp="http://127.0.0.1:{http_collector.port}")
for number in range(400): generate(str(number))
say(flushed=handle.force_flush(60))
""",
        **QUICK | {"OTEL_EXPORTER_OTLP_TIMEOUT": "10"},
    )

    assert ended.said == [{"flushed": True}]
    address = f"http://127.0.0.1:{http_collector.port}/v1/traces"
    assert ended.errors == (
        f"spans are lost on the way to {address}: more come than it takes "
        "(told once, counted always in persona.export.lost)\n"
    )


def test_what_does_not_fit_is_told_of_while_the_first_sending_fails(
    run: Run, closed_port: int
) -> None:
    """An exporter tries again for long before it gives up; the queue is full by then."""
    ended = run(
        f"""
import logging

class Told(logging.Handler):
    heard = []
    def emit(self, record): self.heard.append(record.getMessage())

logging.getLogger("otel_persona.delivery").addHandler(Told())
op.configure(otlp="http://127.0.0.1:{closed_port}")
deadline = time.monotonic() + 30
while not Told.heard and time.monotonic() < deadline: generate("1")
say(told=Told.heard)
os._exit(0)
""",
        **QUICK | {"OTEL_EXPORTER_OTLP_TIMEOUT": "3600"},
    )

    ((told,),) = [said["told"] for said in ended.said]
    assert f"http://127.0.0.1:{closed_port}/v1/traces" in told
    assert "onnection refused" in told


def test_an_exporter_that_raises_is_told_of(run: Run, install: Callable[..., None]) -> None:
    """What it raises is the cause, and its spans are lost like others."""
    install(
        "opentelemetry_traces_exporter",
        "Broken",
        """
from opentelemetry.sdk.trace.export import SpanExporter

class Broken(SpanExporter):
    def export(self, spans): raise KeyError("mine")
""",
    )
    ended = run(
        LOST
        + """
handle = op.configure(meter_provider=meters)
generate("1")
say(flushed=handle.force_flush(30), lost=lost())
""",
        OTEL_TRACES_EXPORTER="mine",
    )

    assert ended.said == [{"flushed": False, "lost": {"traces/export_failed": 1}}]
    (told,) = ended.errors.splitlines()
    assert told.startswith("spans are lost on the way to Broken: KeyError('mine') ")


def test_a_collector_that_hangs_is_told_of_at_the_end(
    run: Run, lines: Lines, silent_port: int
) -> None:
    """The shutdown keeps its deadline, and says what it leaves behind."""
    ended = run(
        f"""
op.configure(log="generation.log", otlp="http://127.0.0.1:{silent_port}")
generate("1")
say(stopped=op.shutdown(0.5))
"""
    )

    assert ended.said == [{"stopped": False}]
    assert ended.errors == (
        "the shutdown was not over within 0.5 s: what was still to be sent is lost\n"
    )
    assert len(lines()) == 1


def test_an_outage_that_was_told_is_not_told_again_at_the_end(run: Run, closed_port: int) -> None:
    """The shutdown gives up in the middle of a retry, and everybody knows why."""
    ended = run(
        f"""
handle = op.configure(otlp="http://127.0.0.1:{closed_port}")
generate("1")
handle.force_flush(30)
generate("2")
say(stopped=op.shutdown(0.1))
""",
        OTEL_EXPORTER_OTLP_TIMEOUT="2",
    )

    assert ended.said == [{"stopped": False}]
    (told,) = ended.errors.splitlines()
    assert told.startswith("spans are lost on the way to ")


def test_a_forked_child_counts_its_own_losses(run: Run, closed_port: int) -> None:
    """What its parent has lost is reported by the parent alone."""
    ended = run(
        LOST
        + f"""
handle = op.configure(otlp="http://127.0.0.1:{closed_port}", meter_provider=meters)
generate("1")
handle.force_flush(30)
pid = os.fork()
if pid == 0:
    generate("2"), generate("3")
    handle.force_flush(30)
    say(child=lost())
    os._exit(0)
os.waitpid(pid, 0)
say(parent=lost())
os._exit(0)
""",
        "-W",
        "ignore:This process:DeprecationWarning",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )

    child, parent = ended.said
    assert child == {"child": {"traces/export_failed": 2}}
    assert parent == {"parent": {"traces/export_failed": 1}}


def test_sending_goes_on_after_an_outage(run: Run, http_collector: Any) -> None:
    """What comes after arrives; a second outage is counted and not told again."""
    answers = iter([400, 200, 400, 200])
    http_collector.answer = lambda path: next(answers) if path == "/v1/traces" else 200
    ended = run(
        LOST
        + f"""
handle = op.configure(otlp="http://127.0.0.1:{http_collector.port}", meter_provider=meters)
for number in range(4):
    generate(f"{{number}}a"), generate(f"{{number}}b")
    say(flushed=handle.force_flush(30), lost=lost())
"""
    )

    assert ended.said == [
        {"flushed": False, "lost": {"traces/export_failed": 2}},
        {"flushed": True, "lost": {"traces/export_failed": 2}},
        {"flushed": False, "lost": {"traces/export_failed": 4}},
        {"flushed": True, "lost": {"traces/export_failed": 4}},
    ]
    assert http_collector.personas() == ["1a", "1b", "3a", "3b"]
    (told,) = ended.errors.splitlines()
    assert f"http://127.0.0.1:{http_collector.port}/v1/traces: " in told
    assert "400" in told


def test_a_signal_that_alone_is_refused_is_told_of(run: Run, http_collector: Any) -> None:
    """Traces sent to what takes no metrics, as Jaeger: metrics are told of, once, and not lost."""
    http_collector.answer = lambda path: 404 if path == "/v1/metrics" else 200
    ended = run(
        f"""
handle = op.configure(otlp="http://127.0.0.1:{http_collector.port}")
for number in range(3):
    generate(str(number))
    say(flushed=handle.force_flush(30))
""",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )

    assert ended.said == [{"flushed": False}] * 3
    assert http_collector.personas() == ["0", "1", "2"]
    (told,) = ended.errors.splitlines()
    assert told.startswith("metrics do not get to ")
    assert "404" in told


def test_another_outage_of_another_signal_is_told_of(run: Run, http_collector: Any) -> None:
    """What has arrived since ends an outage: the next one is news, if its signal is."""
    answers = {"/v1/traces": iter([404, 200, 200]), "/v1/metrics": iter([200, 404, 200])}
    http_collector.answer = lambda path: next(answers[path]) if path in answers else 200
    ended = run(
        f"""
handle = op.configure(otlp="http://127.0.0.1:{http_collector.port}")
for number in range(3):
    generate(str(number))
    say(flushed=handle.force_flush(30))
os._exit(0)
"""
    )

    assert ended.said == [{"flushed": False}, {"flushed": False}, {"flushed": True}]
    spans, metrics = ended.errors.splitlines()
    assert spans.startswith("spans are lost on the way to ")
    assert metrics.startswith("metrics do not get to ")


def test_an_outage_of_all_signals_is_one_sentence(run: Run, closed_port: int) -> None:
    """Spans, metrics and events fail together; nobody wants to read that three times."""
    ended = run(
        f"""
handle = op.configure(otlp="http://127.0.0.1:{closed_port}", batch="attempts:2")
for number in range(4): generate(str(number))
say(flushed=handle.force_flush(30))
""",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )

    assert ended.said == [{"flushed": False}]
    assert len(ended.errors.splitlines()) == 1


def test_metrics_that_are_deltas_are_lost_with_their_delivery(run: Run, closed_port: int) -> None:
    """A cumulative metric comes again with the next delivery, a delta does not."""
    script = f"""
from otel_persona.delivery import losses
handle = op.configure(otlp="http://127.0.0.1:{closed_port}")
generate("1")
handle.force_flush(30)
say(lost=sorted("/".join(labels) for labels in losses.counts()))
"""
    preference = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
    quick = {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"}

    cumulative = run(script, **quick)
    deltas = run(script, **quick, **{preference: "delta"})

    assert cumulative.said == [{"lost": ["traces/export_failed"]}]
    assert deltas.said == [{"lost": ["metrics/export_failed", "traces/export_failed"]}]


def test_exporters_of_others_keep_their_own_log(run: Run, closed_port: int) -> None:
    """Only what is said while our own queue sends is taken from the SDK's log."""
    ended = run(
        f"""
import logging
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
logging.basicConfig()
handle = op.configure(otlp="http://127.0.0.1:{closed_port}")
generate("1")
handle.force_flush(30)
theirs = TracerProvider()
theirs.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter("http://127.0.0.1:{closed_port}")))
with theirs.get_tracer("theirs").start_as_current_span("theirs"): pass
""",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )

    assert ended.code == 0
    assert ended.errors.count("WARNING:otel_persona.delivery:") == 1
    assert ended.errors.count("ERROR:opentelemetry.exporter.otlp.") == 1


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://user:SECRET@127.0.0.1:{port}", "http://***@127.0.0.1:{port}/v1/traces: "),
        ("http://user:SECRET@127.0.0.1:99999", "http://***@127.0.0.1:99999/v1/traces: "),
        ("http://127.0.0.1:{port}/?token=SECRET", "http://127.0.0.1:{port}/?***: "),
        ("grpc://user:SECRET@127.0.0.1:{port}", "***@127.0.0.1:{port}: "),
    ],
)
def test_a_secret_in_the_address_is_not_told(
    run: Run, closed_port: int, address: str, shown: str
) -> None:
    """A log is read by more people than may know it; the exporters' own words hold the address."""
    ended = run(
        f"""
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
metrics.set_meter_provider(MeterProvider())
handle = op.configure(otlp="{address.format(port=closed_port)}")
generate("1")
handle.force_flush(30)
""",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )

    joined, lost, *_ = ended.errors.splitlines()
    assert joined.startswith("MeterProvider does not go to ")
    assert lost.startswith(f"spans are lost on the way to {shown.format(port=closed_port)}")
    assert "SECRET" not in ended.errors


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100", 0),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "9" * 20, 1),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5000", 0),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "many", 1),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "100", 0),
        ("OTEL_BLRP_SCHEDULE_DELAY", "0", 1),
    ],
)
def test_sizes_of_queues_cost_no_line(
    run: Run, lines: Lines, http_collector: Any, variable: str, value: str, told: int
) -> None:
    """The SDK's queues cannot be made if a batch is larger than the queue, or a number is wrong."""
    ended = run(
        "generate('1'); say(arrived=op.shutdown(30))",
        OTEL_PERSONA_LOG="generation.log",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{http_collector.port}",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        **{variable: value},
    )

    assert ended.said == [{"arrived": True}]
    assert http_collector.personas() == ["1"]
    assert len(lines()) == 1
    assert ended.errors.count(f"{variable}: {value!r} is not right") == told
    assert len(ended.errors.splitlines()) == told
