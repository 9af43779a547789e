"""Programs that have decorators alone, started by the real ``opentelemetry-instrument``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

DECORATED = """
import os, signal, sys, threading
import otel_persona as op

@op.attempt(stage="B")
def generate(persona_id):
    op.current_attempt().record_usage(prompt_tokens=5)
"""


@pytest.fixture
def launch(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a function that runs a program to its end by the launcher, in the test's folder."""

    def run(
        script: str, *options: str, decorated: bool = True, code: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        program = tmp_path / "program.py"
        program.write_text((DECORATED if decorated else "") + script, encoding="utf-8")
        environ = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        launcher = Path(sys.executable).with_name("opentelemetry-instrument")
        done = subprocess.run(
            [launcher, *options, sys.executable, program.name],
            cwd=tmp_path,
            env=environ | variables,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    return run


@pytest.fixture
def sending(http_collector: Any) -> dict[str, str]:
    """Give the variables that send to the collector of the test."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{http_collector.port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    }


@pytest.fixture(scope="session")
def quiet() -> dict[str, str]:
    """Give the variables that send nothing."""
    return {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}


@pytest.fixture
def metric(http_collector: Any) -> Callable[[str], list[float]]:
    """Give a function that reads the values of a metric as last sent; empty if there is none."""

    def read(name: str) -> list[float]:
        values: list[float] = []
        for place, body in http_collector.received:
            if place != "/v1/metrics":
                continue
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    for each in scope.metrics:
                        if each.name == name:
                            points = (each.sum if each.HasField("sum") else each.gauge).data_points
                            values = [point.as_double or point.as_int for point in points]
        return values

    return read


@pytest.fixture
def attempts_by_process(http_collector: Any) -> Callable[[], list[int]]:
    """Give a function that tells how many attempts each process has counted, as last sent."""

    def read() -> list[int]:
        counts: dict[str, int] = {}
        for place, body in http_collector.received:
            if place != "/v1/metrics":
                continue
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                instance = str(resource.resource)
                for scope in resource.scope_metrics:
                    for each in scope.metrics:
                        if each.name == "persona.attempts":
                            points = each.sum.data_points
                            counts[instance] = sum(point.as_int for point in points)
        return sorted(counts.values())

    return read


@pytest.fixture
def events(http_collector: Any) -> Callable[[], list[str]]:
    """Give a function that tells the log events that came in."""

    def read() -> list[str]:
        return [
            f"{record.event_name}: {record.body.string_value}"
            for place, body in http_collector.received
            if place == "/v1/logs"
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    return read
