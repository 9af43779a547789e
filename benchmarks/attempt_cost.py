"""What one attempt costs with everything on, against bare SDK calls in the same run.

Ours: the decorator, a span with all attributes, all metrics, the line on disk, and the fold into
batch figures; and the same with cohort sidecars, which a thread beside folds and writes. Bare: one
span with the same attributes, three histogram records, two counter adds. Peers' decorators stand
beside them where they are installed; they make a span and nothing else.

    python benchmarks/attempt_cost.py [--rounds N] [--calls N]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

import otel_persona as op

Call = Callable[[], object]


class LastSpan(SpanProcessor):
    """Keeps the last span's attributes, so that the bare span can carry the same."""

    def __init__(self) -> None:
        self.attributes: Mapping[str, object] = {}

    def on_end(self, span: ReadableSpan) -> None:
        """Keep the span's attributes."""
        self.attributes = span.attributes or {}


@op.attempt(stage="B")
def generate(persona_id: str) -> str:
    """Record what a real attempt records: usage, a repair, two scores, a move, two anchors."""
    attempt = op.current_attempt()
    attempt.record_usage(prompt_tokens=450, completion_tokens=320, model="llama2-70b")
    attempt.record_repair("trait_leak")
    attempt.record_scores({"pollyanna": 0.7, "opening_variation": 0.8})
    attempt.record_opening_move("situational_hook")
    attempt.record_constraints("time_pressure")
    attempt.record_anchors("piața din Cahul", "zacuscă")
    return persona_id


class Contender(NamedTuple):
    """Something to time: one call, and the collection of the metrics that calls left behind.

    ``begin`` is called before each round, and not timed: a process has one set-up at a time.
    """

    call: Call
    collect: Call | None = None
    begin: Call | None = None


def ours(folder: Path, *, sidecars: bool) -> Contender:
    """Set everything up and give one call of a decorated function."""
    folder.mkdir()
    provider, reader = TracerProvider(shutdown_on_exit=False), InMemoryMetricReader()
    meter_provider = MeterProvider([reader], shutdown_on_exit=False)

    def begin() -> None:
        op.configure(
            run_id="25K_benchmark",
            log=folder / "generation.log",
            sidecars=folder / "REPRODUCIBILITY" if sidecars else None,
            tracer_provider=provider,
            meter_provider=meter_provider,
        )

    numbers = iter(range(10**9))
    return Contender(lambda: generate(str(next(numbers))), reader.get_metrics_data, begin)


def bare(attributes: dict[str, object]) -> Contender:
    """Give the same span, three histogram records and two counter adds, made by hand."""
    provider = TracerProvider(shutdown_on_exit=False)
    tracer = provider.get_tracer("bare")
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], shutdown_on_exit=False).get_meter("bare")
    duration, score = meter.create_histogram("duration"), meter.create_histogram("score")
    attempts, tokens = meter.create_counter("attempts"), meter.create_counter("tokens")

    def call() -> None:
        with tracer.start_as_current_span("generate_persona B") as span:
            span.set_attributes(attributes)
        duration.record(1.25, {"stage": "B", "status": "success", "tier": "25K"})
        score.record(0.7, {"validator": "pollyanna", "stage": "B", "tier": "25K"})
        score.record(0.8, {"validator": "opening_variation", "stage": "B", "tier": "25K"})
        attempts.add(1, {"stage": "B", "status": "success", "tier": "25K"})
        tokens.add(770, {"type": "input", "stage": "B", "tier": "25K"})

    return Contender(call, reader.get_metrics_data)


def peers() -> dict[str, Contender]:
    """Give one call of each peer's decorated function, where the peer is installed."""
    found: dict[str, Contender] = {}
    try:
        from openinference.instrumentation import OITracer, TraceConfig

        tracer = OITracer(TracerProvider(shutdown_on_exit=False).get_tracer("peer"), TraceConfig())
        chain = tracer.chain(lambda persona_id: persona_id)
        found["openinference-instrumentation (span only)"] = Contender(lambda: chain("p"))
    except ImportError:
        pass
    try:
        import logfire

        logfire.configure(send_to_logfire=False, console=False, metrics=False)
        instrumented = logfire.instrument("generate {persona_id}")(_plain)
        found["logfire (span only)"] = Contender(lambda: instrumented("p"))
    except ImportError:
        pass
    return found


def _plain(persona_id: str) -> str:
    return persona_id


def microseconds(contender: Contender, calls: int) -> float:
    """Time ``calls`` calls, and the collection of what they left behind; give the mean of one."""
    call, collect, begin = contender
    if begin is not None:
        begin()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    if collect is not None:
        collect()
    return (time.perf_counter() - start) / calls * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="rounds, interleaved")
    parser.add_argument("--calls", type=int, default=2_000, help="calls in a round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        contenders = {
            "bare SDK calls": bare(_attributes(Path(folder))),
            **peers(),
            "otel_persona, everything on": ours(Path(folder, "log"), sidecars=False),
            "otel_persona, everything and sidecars": ours(Path(folder, "both"), sidecars=True),
        }
        rounds: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(options.rounds):
            for name, contender in contenders.items():
                rounds[name].append(microseconds(contender, options.calls))
        op.shutdown()
    _print(rounds, options)


def _attributes(folder: Path) -> dict[str, object]:
    """Take the attributes from a span of ours."""
    provider, last = TracerProvider(shutdown_on_exit=False), LastSpan()
    provider.add_span_processor(last)
    op.configure(run_id="25K_benchmark", log=str(folder / "one.log"), tracer_provider=provider)
    generate("12345")
    return dict(last.attributes)


def _print(rounds: dict[str, list[float]], options: argparse.Namespace) -> None:
    base = rounds["bare SDK calls"]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()};")
    print(f"median of {options.rounds} interleaved rounds of {options.calls} calls\n")
    print("| | µs for one call | ratio to bare (quartiles) |")
    print("|---|---|---|")
    for name, figures in rounds.items():
        ratios = [figure / bare_figure for figure, bare_figure in zip(figures, base, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(
            f"| {name} | {statistics.median(figures):.1f} | {middle:.2f} ({low:.2f}–{high:.2f}) |"
        )


if __name__ == "__main__":
    main()
