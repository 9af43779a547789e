"""What the collector does with spans that Jaeger cannot take."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import msgspec
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

pytestmark = pytest.mark.integration

ADDRESSES = (
    "COLLECTOR_OTLP_GRPC",
    "COLLECTOR_OTLP_HTTP",
    "COLLECTOR_PROMETHEUS",
    "COLLECTOR_HEALTH",
    "JAEGER_OTLP",
    "JAEGER_QUERY_HTTP",
    "JAEGER_QUERY_GRPC",
)


@pytest.fixture
def addresses() -> dict[str, str]:
    """Give each variable of the files a free port of this machine."""
    with ExitStack() as held:
        ports = []
        for _ in (*ADDRESSES, "COLLECTOR_OWN_METRICS_PORT"):
            taken = held.enter_context(socket.socket())
            taken.bind(("127.0.0.1", 0))
            ports.append(taken.getsockname()[1])
    own = {"COLLECTOR_OWN_METRICS_PORT": str(ports.pop())}
    return own | {name: f"127.0.0.1:{port}" for name, port in zip(ADDRESSES, ports, strict=True)}


@pytest.fixture
def start(
    program: Callable[[str], str], folder: Path, addresses: dict[str, str], tmp_path: Path
) -> Iterator[Callable[[str, str], Path]]:
    """Give a function that starts a server with its file, and says where its own log is."""
    running: list[subprocess.Popen[bytes]] = []

    def start_server(name: str, config: str) -> Path:
        command = [program(name), "--config", str(folder / config)]
        log = tmp_path / f"{name}.log"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                command, cwd=tmp_path, env=os.environ | addresses, stderr=stderr
            )
        running.append(process)
        return log

    yield start_server
    for process in running:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def _get(address: str, path: str) -> bytes:
    """Give what a server answers, or nothing while it does not."""
    connection = HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    except OSError:
        return b""
    finally:
        connection.close()


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


def test_spans_wait_for_jaeger_however_large_they_are(
    start: Callable[[str, str], Path], addresses: dict[str, str]
) -> None:
    """A Jaeger that restarts gets all spans, in messages below the 4 MiB that it takes."""
    collector_log = start("otelcol", "collector.yaml")
    _wait_for(lambda: _get(addresses["COLLECTOR_HEALTH"], "/") != b"", "no collector")
    _send(f"http://{addresses['COLLECTOR_OTLP_HTTP']}", spans=3000, characters=2000)
    _wait_for(lambda: "Will retry" in collector_log.read_text("utf-8"), "nothing was tried")

    start("jaeger", "jaeger.yaml")

    def arrived() -> bool:
        answer = _get(addresses["JAEGER_QUERY_HTTP"], "/api/traces?service=sender&limit=5000")
        return bool(answer) and len(msgspec.json.decode(answer)["data"] or []) == 3000

    _wait_for(arrived, "Jaeger lacks spans")
