"""The OpenTelemetry Collector itself, writing what it receives to a file."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

Run = Callable[..., Any]

pytestmark = pytest.mark.integration

CONFIG = """
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{grpc}"}}
      http: {{endpoint: "127.0.0.1:{http}"}}
exporters:
  file: {{path: "{file}"}}
service:
  telemetry:
    metrics: {{level: none}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    metrics: {{receivers: [otlp], exporters: [file]}}
    logs: {{receivers: [otlp], exporters: [file]}}
"""


class Collector(NamedTuple):
    """A collector that runs: its ports, and what ends it and gives all that it has received."""

    http: int
    grpc: int
    finish: Callable[[], list[dict[str, Any]]]


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


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    """Run a collector on free ports of this machine."""
    program = shutil.which("otelcol")
    if program is None:
        pytest.skip("otelcol is not on the PATH")
    received, config = tmp_path / "received.json", tmp_path / "collector.yaml"
    http, grpc = _free_ports()
    config.write_text(CONFIG.format(http=http, grpc=grpc, file=received))
    process = subprocess.Popen(
        [program, "--config", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def finish() -> list[dict[str, Any]]:
        process.terminate()
        process.wait(timeout=60)
        return [msgspec.json.decode(line) for line in received.read_bytes().splitlines()]

    try:
        _wait_for(http, process)
        _wait_for(grpc, process)
        yield Collector(http, grpc, finish)
    finally:
        process.kill()
        process.wait()


GENERATE = """
op.configure(run_id="25K_20260131", log="generation.log", otlp={otlp!r}, batch="attempts:10")

@op.attempt(stage="C")
def write(persona_id):
    attempt = op.current_attempt()
    attempt.record_usage(prompt_tokens=450, completion_tokens=320, model="llama2-70b")
    attempt.record_repair("trait_leak")
    attempt.record_score("pollyanna", 0.9)
    attempt.record_opening_move("situational_hook")
    attempt.record_anchors("piața din Cahul", "zacuscă")
    if persona_id == "19":
        raise ValueError("no text")

for number in range(20):
    with op.persona(str(number)):
        try:
            write(str(number))
        except ValueError:
            pass
say(sent=op.shutdown(30))
"""


def _plain(value: dict[str, Any]) -> Any:
    ((kind, plain),) = value.items()
    if kind == "arrayValue":
        return [_plain(item) for item in plain["values"]]
    return int(plain) if kind == "intValue" else plain


def _attributes(thing: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: _plain(pair["value"]) for pair in thing.get("attributes", [])}


def _all(received: list[dict[str, Any]], resources: str, scopes: str, things: str) -> Any:
    return [
        thing
        for message in received
        for resource in message.get(resources, [])
        for scope in resource[scopes]
        for thing in scope[things]
    ]


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_everything_arrives(run: Run, collector: Collector, protocol: str) -> None:
    """Spans with their attributes, metrics, and the event of an indicator that has turned."""
    port = collector.http if protocol == "http" else collector.grpc
    ended = run(GENERATE.format(otlp=f"{protocol}://127.0.0.1:{port}"))
    assert ended.said == [{"sent": True}]
    assert ended.errors == ""

    received = collector.finish()

    spans = _all(received, "resourceSpans", "scopeSpans", "spans")
    scopes = {span["spanId"]: span for span in spans if span["name"] == "persona"}
    attempts = [span for span in spans if span["name"] == "generate_persona C"]
    assert len(scopes) == len(attempts) == 20
    assert all(span["parentSpanId"] in scopes for span in attempts)
    by_id = {_attributes(span)["persona.id"]: span for span in attempts}
    attributes = _attributes(by_id["7"])
    assert attributes.pop("persona.attempt.latency_ms") >= 0
    assert attributes == {
        "persona.run.id": "25K_20260131",
        "persona.id": "7",
        "persona.stage": "C",
        "persona.attempt.number": 1,
        "persona.attempt.status": "success",
        "persona.attempt.outcome": "ok",
        "persona.repairs": ["trait_leak"],
        "persona.validator.score.pollyanna": 0.9,
        "persona.opening_move": "situational_hook",
        "persona.anchors_used": ["piața din Cahul", "zacuscă"],
        "gen_ai.usage.input_tokens": 450,
        "gen_ai.usage.output_tokens": 320,
        "gen_ai.request.model": "llama2-70b",
    }
    failed = by_id["19"]
    assert failed["status"] == {"code": 2, "message": "ValueError: no text"}
    assert _attributes(failed)["error.type"] == "ValueError"

    metrics = {
        metric["name"]: metric
        for metric in _all(received, "resourceMetrics", "scopeMetrics", "metrics")
    }
    counted = metrics["persona.attempts"]["sum"]
    assert counted["isMonotonic"]
    assert sum(int(point["asInt"]) for point in counted["dataPoints"]) == 20
    assert {"persona.attempt.duration", "persona.tokens", "persona.cost"} <= set(metrics)
    (rate,) = metrics["persona.batch.repair_rate"]["gauge"]["dataPoints"]
    assert rate["asDouble"] == 1.0
    assert _attributes(rate) == {"tier": "25K"}

    events = _all(received, "resourceLogs", "scopeLogs", "logRecords")
    assert {event["eventName"] for event in events} == {"persona.drift"}
    turned = {_attributes(event)["persona.indicator.name"]: event for event in events}
    assert {"repair_rate", "opening_entropy", "pollyanna_score", "anchor_diversity"} <= set(turned)
    assert turned["repair_rate"]["severityText"] == "ERROR"
    assert _attributes(turned["repair_rate"])["persona.indicator.value"] == 1.0
