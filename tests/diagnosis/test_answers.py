"""The doctor sends once, and says what the answer of the server means."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from otel_persona.diagnosis import Diagnosis

Doctor = Callable[..., Diagnosis]
Failures = Callable[..., list[tuple[str, str, str]]]
Server = Callable[..., Any]

SPANS = ExportTraceServiceResponse(
    partial_success=ExportTracePartialSuccess(rejected_spans=1, error_message="too many spans")
)
POINTS = ExportMetricsServiceResponse(
    partial_success=ExportMetricsPartialSuccess(rejected_data_points=1, error_message="too old")
)
RECORDS = ExportLogsServiceResponse(
    partial_success=ExportLogsPartialSuccess(rejected_log_records=1)
)
WARNING = ExportTraceServiceResponse(
    partial_success=ExportTracePartialSuccess(error_message="a deprecated field")
)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_one_attempt_one_metric_and_one_event_arrive(
    doctor: Doctor, http_server: Server, grpc_server: Server, protocol: str
) -> None:
    """They carry the marks of the doctor, and nothing that a run's figures are made of."""
    port, received = (http_server if protocol == "http" else grpc_server)()
    diagnosis = doctor(f"{protocol}://127.0.0.1:{port}", OTEL_SERVICE_NAME="personas")

    assert diagnosis.is_healthy
    assert diagnosis.sent == [
        "span generate_persona doctor",
        "metric persona.doctor.checks",
        "event persona.doctor",
    ]
    assert len(received) == 3
    bodies = {place.lower(): body for place, _, body in received}
    [traces] = [body for place, body in bodies.items() if "trace" in place]
    [metrics] = [body for place, body in bodies.items() if "metrics" in place]
    [logs] = [body for place, body in bodies.items() if "logs" in place]

    [resource] = ExportTraceServiceRequest.FromString(traces).resource_spans
    assert {"service.name": "personas"}.items() <= _attributes(resource.resource).items()
    [span] = resource.scope_spans[0].spans
    assert span.name == "generate_persona doctor"
    attributes = _attributes(span)
    assert attributes["persona.run.id"] == diagnosis.run_id
    assert diagnosis.run_id.startswith("doctor_")
    assert attributes["persona.stage"] == attributes["persona.id"] == "doctor"

    [resource] = ExportMetricsServiceRequest.FromString(metrics).resource_metrics
    [metric] = resource.scope_metrics[0].metrics
    assert metric.name == "persona.doctor.checks"
    assert [point.as_int for point in metric.sum.data_points] == [1]

    [resource] = ExportLogsServiceRequest.FromString(logs).resource_logs
    [event] = resource.scope_logs[0].log_records
    assert event.event_name == "persona.doctor"
    assert _attributes(event) == {"persona.run.id": diagnosis.run_id}


def _attributes(thing: Any) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in thing.attributes}


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (300, ""),
        (400, "perhaps it is no OTLP receiver"),
        (401, "set OTEL_EXPORTER_OTLP_HEADERS"),
        (403, "may not send this"),
        (404, "nothing takes OTLP under this path"),
        (405, "nothing takes OTLP under this path"),
        (413, "no request of this size"),
        (415, "OTEL_EXPORTER_OTLP_COMPRESSION"),
        (429, "takes no more for now"),
        (500, "see its own log"),
        (502, "is not ready"),
        (503, "is not ready"),
        (504, "is not ready"),
        (418, ""),
    ],
)
def test_a_refusal_over_http(
    failures: Failures, http_server: Server, status: int, hint: str
) -> None:
    """The status and what the server says about it, sent once and not again."""
    said = Status(message="because\n of this").SerializeToString()
    port, received = http_server(status, said)
    found = failures(f"http://127.0.0.1:{port}")

    assert [step for step, _, _ in found] == ["answer"] * 3
    assert found[0][1].startswith(f"HTTP {status} ")
    assert found[0][1].endswith(": because of this")
    assert hint in found[0][2]
    assert len(received) == 3


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, "set OTEL_EXPORTER_OTLP_HEADERS"),
        (grpc.StatusCode.PERMISSION_DENIED, "may not send this"),
        (grpc.StatusCode.UNIMPLEMENTED, "no OTLP receiver for this signal"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "takes no more for now"),
        (grpc.StatusCode.INVALID_ARGUMENT, "does not understand"),
        (grpc.StatusCode.UNAVAILABLE, "the collector is not ready"),
        (grpc.StatusCode.INTERNAL, "see its own log"),
        (grpc.StatusCode.DATA_LOSS, ""),
    ],
)
def test_a_refusal_over_grpc(
    failures: Failures, grpc_server: Server, code: grpc.StatusCode, hint: str
) -> None:
    """The status and what the server says about it, sent once and not again."""
    port, received = grpc_server(code=code, details="because\n of this")
    found = failures(f"grpc://127.0.0.1:{port}")

    assert [step for step, _, _ in found] == ["answer"] * 3
    assert found[0][1] == f"gRPC {code.name}: because of this"
    assert hint in found[0][2]
    assert len(received) == 3


def test_a_redirect_is_no_success(failures: Failures, http_server: Server) -> None:
    """The exporters take it for one and send nothing on."""
    port, received = http_server(307, location="https://elsewhere.invalid/")
    found = failures(f"http://127.0.0.1:{port}")

    assert "points to https://elsewhere.invalid/" in found[0][1]
    assert len(received) == 3


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<html>Log in</html>"), ("application/json", b"[1]"), ("", b"OK")],
)
def test_a_success_from_something_else(
    failures: Failures, http_server: Server, kind: str, body: bytes
) -> None:
    """A web server that answers 200 to everything is no collector."""
    port, _ = http_server(200, body, content_type=kind)
    found = failures(f"http://127.0.0.1:{port}")

    assert [step for step, _, _ in found] == ["answer"] * 3
    assert found[0][1] == f"HTTP 200, but not from an OTLP receiver ({kind or 'of no type'})"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"partialSuccess": {}, "more": 1}'])
def test_a_success_in_json(doctor: Doctor, http_server: Server, body: bytes) -> None:
    """Some receivers answer so, whatever they were asked in."""
    port, _ = http_server(200, body, content_type="application/json")
    assert doctor(f"http://127.0.0.1:{port}").is_healthy


@pytest.mark.parametrize("body", [b'{"status": "Server available"}', b"[1]", b"7"])
def test_a_health_check_is_no_receiver(doctor: Doctor, http_server: Server, body: bytes) -> None:
    """It answers anything with 200, and the exporters take that for success."""
    port, _ = http_server(200, body, content_type="application/json")
    assert not doctor(f"http://127.0.0.1:{port}").is_healthy


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize(
    ("signal", "answer", "reason"),
    [("traces", SPANS, "too many spans"), ("metrics", POINTS, "too old"), ("logs", RECORDS, "1")],
)
def test_a_partial_rejection(
    failures: Failures,
    http_server: Server,
    grpc_server: Server,
    protocol: str,
    signal: str,
    answer: Any,
    reason: str,
) -> None:
    """A success that took nothing, which the exporters do not tell from any other."""
    port, _ = (http_server if protocol == "http" else grpc_server)(body=answer.SerializeToString())
    [(step, said, hints)] = failures(
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf" if protocol == "http" else "grpc",
        **{
            f"OTEL_{other.upper()}_EXPORTER": "none"
            for other in ("traces", "metrics", "logs")
            if other != signal
        },
    )

    assert step == "acceptance"
    assert said == f"the collector answered with success and rejected what was sent: {reason}"
    assert "the exporters take this for success" in hints


def test_a_warning_is_no_rejection(doctor: Doctor, grpc_server: Server) -> None:
    """The collector took everything, and had something to say about it."""
    port, _ = grpc_server(body=WARNING.SerializeToString())
    diagnosis = doctor(f"grpc://127.0.0.1:{port}")

    assert diagnosis.is_healthy
    steps = diagnosis.examinations[0].steps
    assert steps[-1] == ("acceptance", "taken, with a warning: a deprecated field")


@pytest.mark.parametrize(
    ("compression", "undo"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)]
)
def test_headers_and_compression_over_http(
    doctor: Doctor, http_server: Server, compression: str, undo: Callable[[bytes], bytes]
) -> None:
    """As the variables say."""
    port, received = http_server()
    diagnosis = doctor(
        f"http://127.0.0.1:{port}",
        OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20x",
        OTEL_EXPORTER_OTLP_COMPRESSION=compression,
    )

    assert diagnosis.is_healthy
    for _, headers, body in received:
        assert headers["authorization"] == "Bearer x"
        assert headers["content-encoding"] == compression
        assert b"otel_persona" in undo(body)


def test_headers_and_compression_over_grpc(doctor: Doctor, grpc_server: Server) -> None:
    """As the variables say; the server has undone the compression."""
    port, received = grpc_server()
    diagnosis = doctor(
        f"grpc://127.0.0.1:{port}",
        OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20x",
        OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
    )

    assert diagnosis.is_healthy
    assert {metadata["authorization"] for _, metadata, _ in received} == {"Bearer x"}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_headers_that_cannot_be_sent(
    failures: Failures, http_server: Server, grpc_server: Server, protocol: str
) -> None:
    """The variable is named, and the secret is not."""
    port, received = (http_server if protocol == "http" else grpc_server)()
    found = failures(
        f"{protocol}://127.0.0.1:{port}", OTEL_EXPORTER_OTLP_HEADERS="key=SECRET%0A,x=%C4%83"
    )

    assert [step for step, _, _ in found] == ["answer"] * 3
    assert found[0][1].startswith("the headers cannot be sent")
    assert "correct OTEL_EXPORTER_OTLP_HEADERS" in found[0][2]
    assert "SECRET" not in repr(found)
    assert received == []
