"""The collector is killed in the middle of a run, and comes back."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .sending import Senders
from .server_process import get, running
from .servers import Collector, Jaeger

pytestmark = pytest.mark.integration

# Gives up on a delivery soon, and has little room for what waits.
QUICK = {
    "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
    "OTEL_BSP_MAX_QUEUE_SIZE": "100",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "50",
    "OTEL_BSP_SCHEDULE_DELAY": "100",
}


@pytest.fixture
def mortal(tmp_path: Path, jaeger: Jaeger) -> Iterator[Collector]:
    """Run a collector that may be killed: the other tests have one of their own."""
    server = Collector(tmp_path, jaeger=jaeger.otlp)
    with running(server):
        server.wait()
        yield server


class Program:
    """The program that obeys."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def order(self, what: str) -> Any:
        """Give an order, and return the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(what, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def _lost(collector: Collector) -> int:
    """Return what the program says that it has lost, as the collector shows it to Prometheus."""
    page = get(collector.prometheus, "/metrics").decode()
    counts = re.findall(r"^persona_export_lost_total\{.*\} (\d+)$", page, re.MULTILINE)
    return sum(map(int, counts))


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_the_run_goes_on(mortal: Collector, tmp_path: Path, protocol: str) -> None:
    """The log is whole; the spans that did not arrive are those that are counted; one is told."""
    port = mortal.http if protocol == "http" else mortal.grpc
    service = f"outage over {protocol}"
    senders = Senders(tmp_path, service, **QUICK, SEND_TO=f"{protocol}://127.0.0.1:{port}")
    program = Program(senders.start("obey.py"))
    try:
        assert program.order("generate 50") is True
        assert program.order("flush") is True
        mortal.settle()
        mortal.kill()
        assert program.order("generate 300") is True
        assert program.order("flush") is False
        mortal.start()
        mortal.wait()
        assert program.order("generate 50") is True
        assert program.order("flush") is True
        assert program.order("shutdown") is True
        _, errors = program.process.communicate(timeout=60)
    finally:
        program.process.kill()
    mortal.settle()

    lines = senders.lines()
    assert [line.persona_id for line in lines] == [f"p-{number}" for number in range(400)]
    arrived = {span.span_id for span in mortal.received().of_service(service).spans}
    by_id = {line.span_id: line.persona_id for line in lines}
    assert arrived <= set(by_id)
    kept = {by_id[span_id] for span_id in arrived}
    assert {f"p-{number}" for number in (*range(50), *range(350, 400))} <= kept
    assert _lost(mortal) == 400 - len(arrived)
    (told,) = errors.splitlines()
    assert told.startswith("spans are lost on the way to ")
    assert f"127.0.0.1:{port}" in told
