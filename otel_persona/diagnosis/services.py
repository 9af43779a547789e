"""The OTLP service of each signal: its method, its answer, and what it may reject."""

from __future__ import annotations

from typing import NamedTuple

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otel_persona.delivery import Signal


class Service(NamedTuple):
    """A signal's ``method`` over gRPC, its ``response``, and that one's count of rejections."""

    method: str
    response: type[Message]
    rejected: str


SERVICES: dict[Signal, Service] = {
    "traces": Service(
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        ExportTraceServiceResponse,
        "rejected_spans",
    ),
    "metrics": Service(
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        ExportMetricsServiceResponse,
        "rejected_data_points",
    ),
    "logs": Service(
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        ExportLogsServiceResponse,
        "rejected_log_records",
    ),
}
"""The services by signal."""
