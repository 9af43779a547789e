"""The collector takes what the doctor sends, or refuses it in its own way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from otel_persona.diagnosis import Diagnosis, diagnose
from otel_persona.settings import read_settings
from otel_persona.setup.destinations import Sourced

from .server_process import Server, free_ports, running
from .servers import Collector

pytestmark = pytest.mark.integration

TRACES_ALONE = """
receivers:
  otlp:
    protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}
exporters: {{debug: {{}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [debug]}}}}
"""


@pytest.fixture(scope="module")
def ports_of_traces_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Run a collector that has a pipeline for traces and no other; give its ports."""
    folder = tmp_path_factory.mktemp("traces_alone")
    ports = dict(zip(("grpc", "http"), free_ports(2), strict=True))
    (folder / "collector.yaml").write_text(TRACES_ALONE.format(**ports))
    server = Server("otelcol", "--config=collector.yaml", folder=folder)
    with running(server):
        server.wait_until("it listens", lambda: server.listens_on(*ports.values()))
        yield ports


def _look(address: str) -> Diagnosis:
    return diagnose(read_settings(), Sourced(address, "--otlp"), 5.0)


@pytest.mark.parametrize("compression", ["", "none", "gzip"])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_everything_arrives(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, protocol: str, compression: str
) -> None:
    """The span, the metric and the event are in the collector's file."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
    port = collector.http if protocol == "http" else collector.grpc
    diagnosis = _look(f"{protocol}://127.0.0.1:{port}")

    assert diagnosis.is_healthy
    for what in (diagnosis.run_id, "generate_persona doctor", "persona.doctor.checks"):
        collector.wait_until(f"{what} is in its file", lambda what=what: collector.holds(what))


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_signals_without_a_pipeline(ports_of_traces_alone: dict[str, int], protocol: str) -> None:
    """The collector refuses them, and the hint says why; traces arrive."""
    diagnosis = _look(f"{protocol}://127.0.0.1:{ports_of_traces_alone[protocol]}")

    traces, metrics, logs = diagnosis.examinations
    assert traces.failure is None
    for refused in (metrics.failure, logs.failure):
        assert refused is not None
        assert refused.step == "answer"
        assert refused.reason.startswith("HTTP 404" if protocol == "http" else "gRPC UNIMPLEMENTED")
        assert "for this signal" in "\n".join(refused.hints)


def test_each_protocol_at_the_others_port(collector: Collector) -> None:
    """The commonest mistake of all."""
    for address, hint in (
        (f"http://127.0.0.1:{collector.grpc}", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"),
        (f"grpc://127.0.0.1:{collector.http}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
        (f"https://127.0.0.1:{collector.http}", "write http:// in place of https://"),
    ):
        failures = [each.failure for each in _look(address).examinations]
        assert len(failures) == 3
        for failure in failures:
            assert failure is not None
            assert hint in "\n".join(failure.hints)
