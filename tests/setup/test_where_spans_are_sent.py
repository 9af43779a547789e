"""Exporters are named by ``otlp`` or by the standard variables, and otherwise there are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

Run = Callable[..., Any]
Collector = Any

SEND = """
op.configure(run_id="25K_a", batch="attempts:2", {arguments})
for number in range(4): generate(str(number), tokens=7)
say(sent=op.shutdown())
"""


OVER_HTTP = {"/v1/traces", "/v1/metrics", "/v1/logs"}
OVER_GRPC = {
    f"/opentelemetry.proto.collector.{signal}.v1.{signal.title()}Service/Export"
    for signal in ("trace", "metrics", "logs")
}
ALL = ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("address", "prefix"), [("", ""), ("/", ""), ("/otlp", "/otlp"), ("/otlp/", "/otlp")]
)
def test_an_address_over_http(
    run: Run, http_collector: Collector, address: str, prefix: str
) -> None:
    """``otlp="http://…"`` sends spans, metrics and events, each to its path below the address."""
    ended = run(SEND.format(arguments=f"otlp='http://127.0.0.1:{http_collector.port}{address}'"))

    assert ended.said == [{"sent": True}]
    assert ended.errors == ""
    assert http_collector.places == {prefix + path for path in OVER_HTTP}
    assert http_collector.personas() == ALL


def test_an_address_over_grpc(run: Run, grpc_collector: Collector) -> None:
    """``otlp="grpc://host:port"`` sends the same without encryption."""
    ended = run(SEND.format(arguments=f"otlp='grpc://127.0.0.1:{grpc_collector.port}'"))

    assert ended.said == [{"sent": True}]
    assert ended.errors == ""
    assert grpc_collector.places == OVER_GRPC
    assert grpc_collector.personas() == ALL


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc", None])
def test_the_standard_endpoint(
    run: Run, http_collector: Collector, grpc_collector: Collector, protocol: str | None
) -> None:
    """``OTEL_EXPORTER_OTLP_ENDPOINT`` alone is enough; its protocol is gRPC unless said."""
    over_http = protocol == "http/protobuf"
    used, unused = (http_collector, grpc_collector)[:: 1 if over_http else -1]
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{used.port}"}
    if protocol is not None:
        variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol

    ended = run(SEND.format(arguments="log='generation.log'"), **variables)

    assert ended.said == [{"sent": True}]
    assert used.places == (OVER_HTTP if over_http else OVER_GRPC)
    assert used.personas() == ALL
    assert unused.received == []


@pytest.mark.parametrize("compression", ["", "none", " NONE ", "gzip"])
def test_compressions_over_grpc(run: Run, grpc_collector: Collector, compression: str) -> None:
    """The standard's ``none`` is one too, though the SDK's exporter refuses it."""
    ended = run(
        SEND.format(arguments=""),
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{grpc_collector.port}",
        OTEL_EXPORTER_OTLP_COMPRESSION=compression,
    )

    assert ended.said == [{"sent": True}]
    assert grpc_collector.personas() == ALL


def test_each_signal_has_variables_of_its_own(
    run: Run, http_collector: Collector, grpc_collector: Collector
) -> None:
    """One signal elsewhere, by another protocol, and one nowhere."""
    ended = run(
        SEND.format(arguments="log='generation.log'"),
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{grpc_collector.port}",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"http://127.0.0.1:{http_collector.port}/mine",
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="http/protobuf",
        OTEL_LOGS_EXPORTER="none",
    )

    assert ended.said == [{"sent": True}]
    assert http_collector.places == {"/mine"}
    assert grpc_collector.places == {place for place in OVER_GRPC if "metrics" in place}


def test_one_signals_endpoint_sends_that_signal_alone(run: Run, http_collector: Collector) -> None:
    """Nobody asked for the others."""
    ended = run(
        SEND.format(arguments="log='generation.log'"),
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"http://127.0.0.1:{http_collector.port}/v1/traces",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
    )

    assert ended.said == [{"sent": True}]
    assert http_collector.places == {"/v1/traces"}


def test_the_argument_beats_the_variables(
    run: Run, http_collector: Collector, grpc_collector: Collector
) -> None:
    """What the call names counts, and the variables' address gets nothing."""
    ended = run(
        SEND.format(arguments=f"otlp='http://127.0.0.1:{http_collector.port}'"),
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{grpc_collector.port}",
        OTEL_TRACES_EXPORTER="console",
    )

    assert ended.said == [{"sent": True}]
    assert http_collector.places == OVER_HTTP
    assert grpc_collector.received == []


def test_sending_goes_on_after_a_second_call(run: Run, http_collector: Collector) -> None:
    """A later set-up by the same variables sends its spans, and no span twice."""
    ended = run(
        """
for number in range(4):
    if number % 2 == 0: op.configure(log="generation.log")
    generate(str(number))
say(sent=op.shutdown())
""",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{http_collector.port}",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
    )

    assert ended.said == [{"sent": True}]
    assert http_collector.personas() == ALL


def test_the_end_sends_each_signal_once(run: Run, http_collector: Collector) -> None:
    """A collector that hangs would be waited for twice."""
    ended = run(SEND.format(arguments=f"otlp='http://127.0.0.1:{http_collector.port}'"))

    assert ended.said == [{"sent": True}]
    assert sorted(place for place, _ in http_collector.received) == sorted(OVER_HTTP)


def test_histograms_are_as_the_exporter_prefers_them(run: Run, http_collector: Collector) -> None:
    """The exporter's own variables are heeded though its reader is ours."""
    ended = run(
        SEND.format(arguments=f"otlp='http://127.0.0.1:{http_collector.port}'"),
        OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION="base2_exponential_bucket_histogram",
    )

    assert ended.said == [{"sent": True}]
    (body,) = [body for place, body in http_collector.received if place == "/v1/metrics"]
    kinds = {
        metric.name: metric.WhichOneof("data")
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert kinds["persona.attempt.duration"] == "exponential_histogram"


READER = """
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

class MyReader(InMemoryMetricReader):
    def __init__(self):
        super().__init__()
        MyReader.made = self
"""


def test_a_name_may_mean_a_reader(run: Run, install: Callable[..., None]) -> None:
    """``OTEL_METRICS_EXPORTER=prometheus`` is one that is read from: it is used as it is."""
    install("opentelemetry_metrics_exporter", "MyReader", READER)
    ended = run(
        """
op.configure(log="generation.log")
generate("1")
from mine import MyReader
say(names=[metric.name for resource in MyReader.made.get_metrics_data().resource_metrics
           for scope in resource.scope_metrics for metric in scope.metrics], sent=op.shutdown())
""",
        OTEL_METRICS_EXPORTER="mine",
    )

    (said,) = ended.said
    assert "persona.attempts" in said["names"]
    assert said["sent"] is True
    assert ended.errors == ""


def test_names_of_exporters(run: Run) -> None:
    """``console`` prints; ``none``, blanks and empty names are nothing."""
    ended = run(
        "op.configure(log='generation.log'); generate('1')",
        OTEL_TRACES_EXPORTER=" console, none,",
        OTEL_METRICS_EXPORTER="none",
        OTEL_LOGS_EXPORTER="",
    )

    assert ended.code == 0
    assert ended.output.count('"name": "generate_persona B"') == 1
    assert "persona.attempts" not in ended.output


def test_every_name_that_is_not_there_is_told(run: Run) -> None:
    """A clear error with all of them, where each stands, and what is installed."""
    ended = run(
        """
try:
    op.configure(log="generation.log")
except op.SettingsError as error:
    say(problems=error.problems)
""",
        OTEL_TRACES_EXPORTER="jaegr",
        OTEL_METRICS_EXPORTER="otlp",
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL="http/json",
        OTEL_LOGS_EXPORTER="console,nowhere",
    )

    (said,) = ended.said
    traces, metrics, logs = said["problems"]
    assert traces.startswith("OTEL_TRACES_EXPORTER: no exporter 'jaegr' is installed; there are ")
    assert "otlp_proto_grpc" in traces
    assert metrics == (
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' is not right: grpc or http/protobuf is"
    )
    assert logs.startswith("OTEL_LOGS_EXPORTER: no exporter 'nowhere' is installed")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("OTEL_TRACES_EXPORTER", "jaegr", "no exporter 'jaegr' is installed"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "'http/json' is not right"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "deflate", "'deflate' is not right"),
    ],
)
def test_without_a_call_what_cannot_be_sent_costs_no_line(
    run: Run, lines: Callable[..., Any], variable: str, value: str, told: str
) -> None:
    """The generation goes on, since the attempt is inside it by then; so does the log."""
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    ended = run(
        "generate('1'); generate('2'); say(done=True)",
        OTEL_PERSONA_LOG="generation.log",
        **endpoint | {variable: value},
    )

    assert ended.said == [{"done": True}]
    assert ended.errors.count("nothing is sent: ") == ended.errors.count(told) == 1
    assert len(lines()) == 2


def test_a_declarative_file_that_nobody_reads_is_told(run: Run, http_collector: Collector) -> None:
    """It stands in for the variables, so without the launcher nothing is sent, and that is said."""
    ended = run(
        "op.configure(log='generation.log'); generate('1'); say(sent=op.shutdown())",
        OTEL_CONFIG_FILE="otel.yaml",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{http_collector.port}",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
    )

    assert ended.said == [{"sent": True}]
    assert http_collector.received == []
    (told,) = ended.errors.splitlines()
    assert told.startswith("OTEL_CONFIG_FILE names otel.yaml, ")
    assert "opentelemetry-instrument" in told


NO_NETWORK = """
used = []
sys.addaudithook(lambda event, arguments: event.startswith("socket.") and used.append(event))
op.configure(log="generation.log", batch="attempts:2")
for number in range(5): generate(str(number))
say(flushed=op.shutdown(), used=used, loaded=[n for n in ("grpc", "requests") if n in sys.modules])
"""


def test_a_log_alone_opens_no_connection(run: Run) -> None:
    """Local file mode touches no socket, and loads nothing that would."""
    assert run(NO_NETWORK).said == [{"flushed": True, "used": [], "loaded": []}]


SIZES_AND_TIMES = [
    f"OTEL_{queue}_{what}"
    for queue in ("BSP", "BLRP")
    for what in ("MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE", "SCHEDULE_DELAY")
] + ["OTEL_METRIC_EXPORT_INTERVAL"]


def test_a_short_queue_has_short_batches(run: Run, http_collector: Collector) -> None:
    """A queue below the SDK's batch of 512 is all that anyone has to set."""
    ended = run(
        SEND.format(arguments=f"otlp='http://127.0.0.1:{http_collector.port}'"),
        OTEL_BSP_MAX_QUEUE_SIZE="100",
        OTEL_BLRP_MAX_QUEUE_SIZE="100",
    )

    assert ended.said == [{"sent": True}]
    assert ended.errors == ""
    assert http_collector.personas() == ALL


@pytest.mark.parametrize("wrong", ["0", "-5", "many"])
def test_sizes_and_times_that_cannot_be_used(
    run: Run, http_collector: Collector, wrong: str
) -> None:
    """Each is named once, and the default taken: the run goes on, as the standard wants it."""
    ended = run(
        SEND.format(arguments=f"otlp='http://127.0.0.1:{http_collector.port}'"),
        **dict.fromkeys(SIZES_AND_TIMES, wrong),
    )

    assert ended.said == [{"sent": True}]
    told = ended.errors.splitlines()
    assert sorted(line.partition(":")[0] for line in told) == sorted(SIZES_AND_TIMES)
    assert all(repr(wrong) in line and "write a whole number" in line for line in told)
    assert http_collector.places == OVER_HTTP


def test_sizes_and_times_that_are_empty_are_not_set(run: Run, http_collector: Collector) -> None:
    """The standard takes an empty variable for one that is not there; nobody is told."""
    ended = run(
        SEND.format(arguments=f"otlp='http://127.0.0.1:{http_collector.port}'"),
        **dict.fromkeys(SIZES_AND_TIMES, ""),
    )

    assert (ended.said, ended.errors) == ([{"sent": True}], "")
