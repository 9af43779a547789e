"""The OpenTelemetry Collector itself takes what the doctor sends, or refuses it in its own way."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from otel_persona.diagnosis import Diagnosis

Doctor = Callable[..., Diagnosis]
Failures = Callable[..., list[tuple[str, str, str]]]

pytestmark = pytest.mark.integration

CONFIG = """
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{grpc}"}}
      http: {{endpoint: "127.0.0.1:{http}"}}
exporters:
  file: {{path: "{file}", flush_interval: 10ms}}
service:
  telemetry:
    metrics: {{level: none}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    metrics: {{receivers: [otlp], exporters: [file]}}
    {logs}
"""
LOGS = "logs: {receivers: [otlp], exporters: [file]}"


class Collector(NamedTuple):
    """A collector that runs: its ports, and the file that it writes what it received to."""

    http: int
    grpc: int
    received: Path

    def has_received(self, *texts: str) -> bool:
        """Wait until the file holds all of these."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = self.received.read_text("utf-8")
            if all(text in found for text in texts):
                return True
            time.sleep(0.02)
        return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Collector]]:
    """Give a function that starts a collector with or without a pipeline for logs."""
    program = shutil.which("otelcol")
    if program is None:
        pytest.skip("otelcol is not on the PATH")
    processes: list[subprocess.Popen[bytes]] = []

    def run(logs: str) -> Collector:
        config, received = tmp_path / "collector.yaml", tmp_path / "received.json"
        http, grpc = _free_ports()
        config.write_text(CONFIG.format(http=http, grpc=grpc, file=received, logs=logs))
        process = subprocess.Popen(
            [program, "--config", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        processes.append(process)
        for port in (http, grpc):
            _wait_for(port, process)
        return Collector(http, grpc, received)

    yield run
    for process in processes:
        process.kill()
        process.wait()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the collector did not start"
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise TimeoutError("the collector does not answer")


@pytest.mark.parametrize("compression", ["", "gzip"])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_everything_arrives(
    doctor: Doctor, start: Callable[[str], Collector], protocol: str, compression: str
) -> None:
    """The span, the metric and the event are in the collector's file."""
    collector = start(LOGS)
    port = collector.http if protocol == "http" else collector.grpc
    diagnosis = doctor(f"{protocol}://127.0.0.1:{port}", OTEL_EXPORTER_OTLP_COMPRESSION=compression)

    assert diagnosis.is_healthy
    assert collector.has_received(
        diagnosis.run_id, "generate_persona doctor", "persona.doctor.checks", '"persona.doctor"'
    )


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_signal_without_a_pipeline(
    failures: Failures, start: Callable[[str], Collector], protocol: str
) -> None:
    """The collector refuses it, and the hint says why."""
    collector = start("")
    port = collector.http if protocol == "http" else collector.grpc
    [(step, reason, hints)] = failures(f"{protocol}://127.0.0.1:{port}")

    assert step == "answer"
    assert reason.startswith("HTTP 404" if protocol == "http" else "gRPC UNIMPLEMENTED")
    assert "no pipeline for this signal" in hints or "no OTLP receiver for this signal" in hints


def test_each_protocol_at_the_others_port(
    failures: Failures, start: Callable[[str], Collector]
) -> None:
    """The commonest mistake of all."""
    collector = start(LOGS)
    for address, hint in (
        (f"http://127.0.0.1:{collector.grpc}", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"),
        (f"grpc://127.0.0.1:{collector.http}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
        (f"https://127.0.0.1:{collector.http}", "write http:// in place of https://"),
    ):
        found = failures(address)
        assert len(found) == 3
        for _, _, hints in found:
            assert hint in hints
