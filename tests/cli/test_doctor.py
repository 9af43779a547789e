"""``doctor`` as a user meets it: what it prints, and the exit codes that scripts heed."""

from __future__ import annotations

import http.server
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Cli = Callable[..., CompletedProcess[str]]


@pytest.fixture
def closed_port() -> int:
    """Give a port that nothing listens at."""
    with socket.socket() as passing:
        passing.bind(("127.0.0.1", 0))
        port: int = passing.getsockname()[1]
        return port


def test_where_each_signal_goes_and_who_says_so(cli: Cli, closed_port: int) -> None:
    """Endpoint, protocol, headers, compression and timeout, with their origins."""
    address = f"http://127.0.0.1:{closed_port}"
    done = cli(
        "doctor",
        env={
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20SECRET,SECRET",
            "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION": "gzip",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://me:SECRET@127.0.0.1:1/m?key=SECRET",
        },
    )

    assert (done.returncode, done.stderr) == (1, "")
    rows = [re.split(r"  +", row.strip()) for row in done.stdout.splitlines()]
    for row in (
        ["traces", "endpoint", f"{address}/v1/traces", "OTEL_EXPORTER_OTLP_ENDPOINT"],
        [
            "metrics",
            "endpoint",
            "http://***@127.0.0.1:1/m?***",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        ],
        ["traces, metrics, logs", "protocol", "http/protobuf", "OTEL_EXPORTER_OTLP_PROTOCOL"],
        ["traces, metrics, logs", "headers", "authorization=***", "OTEL_EXPORTER_OTLP_HEADERS"],
        ["traces, metrics", "compression", "none", "default"],
        ["logs", "compression", "gzip", "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION"],
        ["traces, metrics, logs", "timeout", "10 s", "default"],
        ["traces, metrics, logs", "connection", "failed"],
    ):
        assert row in rows
    assert (
        "  a part of OTEL_EXPORTER_OTLP_HEADERS is not name=value, and is left out" in done.stdout
    )
    assert "SECRET" not in done.stdout


def test_what_failed_is_said_with_a_remedy(cli: Cli, closed_port: int) -> None:
    """One sentence for all signals that failed alike, and the exit code is 1."""
    done = cli("doctor", "--otlp", f"grpc://127.0.0.1:{closed_port}")

    assert (done.returncode, done.stderr) == (1, "")
    told = done.stdout.partition("What is wrong\n")[2].splitlines()
    assert told[0] == (
        "- traces, metrics, logs: connection failed: nothing listens at 127.0.0.1, "
        f"port {closed_port} (connection refused)"
    )
    assert told[1].startswith("  start the collector")
    assert "Everything arrived" not in done.stdout


class _Taking(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_what_arrived_is_said(cli: Cli) -> None:
    """With the run to look for at the other end, and the exit code is 0."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Taking) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        done = cli("doctor", "--otlp", f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(
        r"Everything arrived: span generate_persona doctor, metric persona\.doctor\.checks, "
        r"event persona\.doctor, of run doctor_\d{8}_\d{6}\.",
        done.stdout,
    )
    assert "What is wrong" not in done.stdout


def test_the_settings_file_may_name_the_collector(
    cli: Cli, closed_port: int, tmp_path: Path
) -> None:
    """It is named as the origin, and the option beats it."""
    path = tmp_path / "persona.toml"
    path.write_text(f'otlp = "http://127.0.0.1:{closed_port}"\n')
    env = {"OTEL_PERSONA_SETTINGS": str(path)}

    assert re.search(rf"/v1/traces +{re.escape(str(path))}\s", cli("doctor", env=env).stdout)
    other = cli("doctor", "--otlp", "http://no-such-host.invalid", env=env).stdout
    assert re.search(r"http://no-such-host\.invalid/v1/traces +--otlp\s", other)


def test_nothing_configured_is_said(cli: Cli) -> None:
    """With what to set, and the exit code is 1."""
    done = cli("doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "- nothing is sent to a collector: give --otlp" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--otlp", "127.0.0.1:4318"], {}, "'127.0.0.1:4318' is no address; write http://host"),
        (["--timeout", "0"], {}, "0.0 is not in the range"),
        ([], {"OTEL_PERSONA_BATCH": "daily"}, "OTEL_PERSONA_BATCH: 'daily' is not right"),
        ([], {"OTEL_TRACES_EXPORTER": "jaegr"}, "no exporter 'jaegr' is installed"),
    ],
)
def test_wrong_use_is_one_sentence(
    arguments: list[str], variables: dict[str, str], said: str, cli: Cli
) -> None:
    """What ``configure`` would refuse is refused here, with exit code 2."""
    done = cli("doctor", *arguments, env=variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


JOINED = """
from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

import otel_persona as op

{make}
from otel_persona.cli import main
main()
"""
BARE = """
trace.set_tracer_provider(TracerProvider(resource=Resource({})))
metrics.set_meter_provider(MeterProvider(resource=Resource({})))
set_logger_provider(LoggerProvider(resource=Resource({})))
"""
WHOLE = """
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
provider = TracerProvider(op.AttemptSampler(ALWAYS_ON), Resource.create({"service.name": "mine"}))
provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))
"""
MISSING = (
    "service.name is not set",
    "service.instance.id is not set",
    "the tracer provider has no processor that sends spans",
    "the tracer provider's sampler is no AttemptSampler",
    "the meter provider has no reader",
    "the logger provider has no processor",
)


@pytest.mark.parametrize(("make", "missing"), [(BARE, MISSING), (WHOLE, ())])
def test_providers_that_are_there_are_looked_at(
    make: str, missing: tuple[str, ...], environ: dict[str, str]
) -> None:
    """As under ``opentelemetry-instrument``: they are joined as they are, so lacks are named."""
    done = subprocess.run(
        [sys.executable, "-c", JOINED.replace("{make}", make), "doctor"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "")
    for lack in MISSING:
        assert (f"- {lack}" in done.stdout) is (lack in missing), lack
