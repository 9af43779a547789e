"""What an attempt costs while the collector is up, killed, and back: one run, interleaved.

    python benchmarks/collector_outage.py

Needs the collector ``otelcol`` on the PATH. The same decorated function is called every half
millisecond; the collector is killed and restarted between the laps.
"""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import otel_persona as op
from otel_persona.delivery import losses

ROUNDS = 5
CALLS = 2_000
PAUSE_S = 0.0005
CONFIG = """
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
exporters: {{file: {{path: "{folder}/received.jsonl"}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    metrics: {{receivers: [otlp], exporters: [file]}}
    logs: {{receivers: [otlp], exporters: [file]}}
"""


class Collector:
    """The collector, which can be killed and started again at the same address."""

    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._log = folder / "collector.log"
        config = folder / "collector.yaml"
        config.write_text(CONFIG.format(port=self.port, folder=folder))
        self._command = [program, "--config", str(config)]
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while socket.socket().connect_ex(("127.0.0.1", self.port)) != 0:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the collector does not answer; see {self._log}")

    def kill(self) -> None:
        """Kill it as ``kill -9`` does."""
        self._process.kill()
        self._process.wait()


@op.attempt(stage="B")
def generate(persona_id: str) -> str:
    """Make one attempt with the usual facts."""
    attempt = op.current_attempt()
    attempt.record_usage(prompt_tokens=450, completion_tokens=320)
    attempt.record_opening_move("contrast")
    attempt.record_score("pollyanna", 0.7)
    return persona_id


def lap() -> list[float]:
    """Call the function many times; the microseconds that each call took."""
    took = []
    for number in range(CALLS):
        time.sleep(PAUSE_S)  # a generator's own work, which leaves the exporters their time
        began = time.perf_counter()
        generate(str(number))
        took.append((time.perf_counter() - began) * 1e6)
    return took


def main() -> int:
    """Run the laps and print the table."""
    program = shutil.which("otelcol")
    if program is None:
        print("otelcol is not on the PATH", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        collector = Collector(program, folder)
        op.configure(log=folder / "generation.log", otlp=f"http://127.0.0.1:{collector.port}")
        lap()  # warm
        phases: list[tuple[str, Callable[[], None]]] = [
            ("up", lambda: None),
            ("killed", collector.kill),
            ("back", collector.start),
        ]
        medians: dict[str, list[float]] = {phase: [] for phase, _ in phases}
        slowest: dict[str, list[float]] = {phase: [] for phase, _ in phases}
        for _ in range(ROUNDS):
            for phase, turn in phases:
                turn()
                took = lap()
                medians[phase].append(statistics.median(took))
                slowest[phase].append(statistics.quantiles(took, n=100)[98])
        stopped = op.shutdown(30)
        collector.kill()
        lines = sum(1 for _ in (folder / "generation.log").open("rb"))
    print("| collector | median, µs | 99th percentile, µs | ratio of the medians to up |")
    print("|---|---|---|---|")
    for phase, _ in phases:
        ratios = [mine / up for mine, up in zip(medians[phase], medians["up"], strict=True)]
        print(
            f"| {phase} | {statistics.median(medians[phase]):.1f} | "
            f"{statistics.median(slowest[phase]):.1f} | {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f}–{max(ratios):.2f}) |"
        )
    calls = CALLS * (1 + ROUNDS * len(phases))
    lost = {"/".join(labels): count for labels, count in losses.counts().items()}
    print(f"\n{calls:,} calls, {lines:,} lines; lost on the way: {lost}; shutdown: {stopped}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
