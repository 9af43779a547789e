"""The demo, sent to the real servers: what its end says is there to be seen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from .servers import Collector, Jaeger, Prometheus

pytestmark = pytest.mark.integration

ATTEMPTS = 300


class Demo:
    """A demo that was sent: what it said, and the lines of its log."""

    def __init__(self, folder: Path, address: str) -> None:
        command = [sys.executable, "-m", "otel_persona", "demo", "--attempts", str(ATTEMPTS)]
        done = subprocess.run(
            [*command, "--otlp", address],
            cwd=folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("OTEL_")},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        self.said = done.stdout
        log = folder / "otel-persona-demo" / "generation.log"
        self.lines: list[dict[str, Any]] = [
            json.loads(line) for line in log.read_text("utf-8").splitlines()
        ]

    def queries(self) -> list[str]:
        """Return the queries that it names."""
        return re.findall(r"^  (\w.*\{instance=.*)$", self.said, re.MULTILINE)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Demo:
    """Send a demo to the collector."""
    demo = Demo(tmp_path_factory.mktemp("demo"), f"http://127.0.0.1:{collector.http}")
    collector.settle()
    return demo


def test_the_search_finds_the_traces_of_this_run(demo: Demo, jaeger: Jaeger) -> None:
    """The page shows the first twenty; their spans name this run and no other."""
    (query,) = re.findall(r"^  http://127\.0\.0\.1:16686/search\?(\S+)$", demo.said, re.MULTILINE)
    jaeger.wait_until("it has the traces", lambda: len(jaeger.search_as_page(query)) == 20)
    found = jaeger.search_as_page(query)
    runs = {
        tag["value"]
        for trace in found
        for span in trace["spans"]
        for tag in span["tags"]
        if tag["key"] == "persona.run.id"
    }
    assert runs == {line["run_id"] for line in demo.lines}
    assert {trace["traceID"] for trace in found} <= {line["trace_id"] for line in demo.lines}


def test_the_queries_give_the_figures_of_this_run(demo: Demo, prometheus: Prometheus) -> None:
    """Attempts by stage and status are those of the log; bands and percentiles are there."""
    attempts, bands, percentiles = demo.queries()
    prometheus.catch_up()

    counted = Counter((line["stage"], line["status"]) for line in demo.lines)
    assert prometheus.query(attempts, "stage", "status") == counted
    assert ("repair_rate",) in prometheus.query(bands, "indicator")
    assert set(prometheus.query(percentiles, "stage")) == {("B",), ("C",), ("validation",)}
