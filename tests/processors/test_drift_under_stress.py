"""The aggregation processor among threads, collected generators, and callbacks that misbehave."""

from __future__ import annotations

import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.trace import TracerProvider

import otel_persona as op
from otel_persona.aggregation import BatchSummary
from otel_persona.settings import Settings

Generate = Callable[..., Any]
Counts = Callable[[str], dict[str, int]]


def test_threads_lose_no_attempt_and_no_order(generate: Generate) -> None:
    """Eight threads at once: exact counts, and batches are told one by one in their order."""
    batches: list[BatchSummary] = []
    overlaps: list[bool] = []
    telling, start = threading.Lock(), threading.Barrier(8)

    def on_batch(batch: BatchSummary) -> None:
        overlaps.append(not telling.acquire(blocking=False))
        batches.append(batch)
        telling.release()

    def work(name: int) -> None:
        start.wait()
        for number in range(250):
            generate(f"{name}-{number}", repairs=("trait_leak",), tokens=(1, 2))

    provider = TracerProvider(shutdown_on_exit=False)
    handle = op.configure(batch="attempts:50", tracer_provider=provider, on_batch=on_batch)
    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handle.shutdown()

    assert [batch.index for batch in batches] == list(range(40))
    assert {batch.batch_size for batch in batches} == {batch.personas for batch in batches} == {50}
    assert {(batch.total_tokens, batch.repair_rate) for batch in batches} == {(150, 1.0)}
    assert not any(overlaps)


def test_nobody_waits_for_a_callback(generate: Generate) -> None:
    """While a callback takes its time, or waits for other workers, these go on."""
    others_done = threading.Event()
    waited: list[bool] = []

    def on_batch(batch: BatchSummary) -> None:
        if batch.index == 0:
            waited.append(others_done.wait(timeout=60))

    def first() -> None:
        for number in range(5):
            generate(f"first-{number}")

    provider = TracerProvider(shutdown_on_exit=False)
    handle = op.configure(batch="attempts:5", tracer_provider=provider, on_batch=on_batch)
    thread = threading.Thread(target=first)
    thread.start()
    for number in range(50):
        generate(f"other-{number}")
    others_done.set()
    thread.join()
    handle.shutdown()

    assert waited == [True]


def test_callbacks_that_raise_are_counted_and_change_nothing(
    generate: Generate, counts: Counts
) -> None:
    """The generation and the other callback go on; the fault is told once."""
    changes: list[str] = []
    provider = TracerProvider(shutdown_on_exit=False)

    def on_batch(batch: BatchSummary) -> None:
        raise ValueError("the callback is broken")

    def on_indicator_change(change: Any) -> None:
        changes.append(change.indicator)
        raise KeyError(change.indicator)

    handle = op.configure(
        batch="attempts:2",
        tracer_provider=provider,
        on_batch=on_batch,
        on_indicator_change=on_indicator_change,
    )
    for number in range(6):
        generate(str(number), repairs=("trait_leak",))
    handle.shutdown()

    assert changes == ["repair_rate", "anchor_diversity"]
    assert counts("faults") == {"callback": 5}
    assert counts("lost") == {}


def test_a_callback_may_make_attempts_itself(generate: Generate) -> None:
    """An attempt inside a callback is folded after it, and never waits for itself."""
    seen: list[int] = []

    def on_batch(batch: BatchSummary) -> None:
        seen.append(batch.batch_size)
        if len(seen) < 5:
            generate("from the callback")

    provider = TracerProvider(shutdown_on_exit=False)
    handle = op.configure(batch="attempts:1", tracer_provider=provider, on_batch=on_batch)
    generate("1")
    assert seen == [1] * 5
    handle.shutdown()

    assert seen == [1] * 5


COLLECTED = """
import faulthandler, gc, json
faulthandler.dump_traceback_later(60, exit=True)
import otel_persona as op
from opentelemetry.sdk.trace import TracerProvider
from otel_persona.settings import Settings

class Owner:
    '''Ends an attempt's span when the garbage collector finds it.'''
    def __init__(self, span):
        self.span, self.myself = span, self
    def __del__(self):
        self.span.end()

sizes = []
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(op.AttemptSpanProcessor(op.AttemptFileExporter("generation.log")))
drift = op.DriftProcessor(
    Settings(batch="attempts:5"),
    on_batch=lambda batch: sizes.append(batch.batch_size),
)
provider.add_span_processor(drift)
tracer = provider.get_tracer("by hand")

def start(number, tier):
    span = tracer.start_span("generate_persona B")
    span.set_attributes({
        "persona.run.id": f"25K_{number % 3}", "persona.id": str(number), "persona.stage": "B",
        "persona.attempt.status": "success", "persona.anchors_used": ["a", str(number)],
        "persona.validator.score.pollyanna": 0.6, "persona.opening_move": "hook",
    })
    return span

gc.set_threshold(3, 1, 1)
for number in range(2000):
    Owner(start(number, "abandoned"))
    start(number, "finished").end()
gc.collect()
gc.set_threshold(700, 10, 10)
provider.shutdown()
from otel_persona.records import tallies
lines = open("generation.log", "rb").read().splitlines()
print(json.dumps([len(lines), sum(sizes), max(sizes), tallies.lost.counts()]))
"""


def test_attempts_that_the_garbage_collector_ends(run: Callable[..., str]) -> None:
    """It may end one in the middle of another's line or fold: nothing hangs, nothing is lost."""
    assert run(COLLECTED) == "[4000, 4000, 5, {}]\n"


def test_memory_does_not_grow_with_the_number_of_attempts() -> None:
    """Ten times the attempts, all with names of their own, take no more memory."""

    def after(attempts: int, first: int) -> int:
        for number in range(first, first + attempts):
            span = tracer.start_span("generate_persona B")
            span.set_attributes(
                {
                    "persona.run.id": f"r{number}",
                    "persona.id": f"p{number}",
                    "persona.stage": "B",
                    "persona.attempt.status": "success",
                    "persona.anchors_used": (f"anchor {number}", f"another {number}"),
                    "persona.opening_move": f"move {number}",
                }
            )
            span.end()
        return tracemalloc.get_traced_memory()[0]

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(op.DriftProcessor(Settings(batch="attempts:50")))
    tracer = provider.get_tracer("by hand")
    tracemalloc.start()
    try:
        few = after(1_000, 0)
        many = after(10_000, 1_000)
    finally:
        tracemalloc.stop()

    assert many - few < 100_000


INTERRUPTED = """
import random, signal, sys
import otel_persona as op

def interrupt(*_):
    raise KeyboardInterrupt

@op.attempt(stage="B")
def generate(persona_id):
    return persona_id

random.seed(25)
handle = op.configure(batch="attempts:50")
signal.signal(signal.SIGALRM, interrupt)
for _ in range(600):
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0005, 0.002))
        while True:
            generate("p")
    except KeyboardInterrupt:
        pass
for _ in range(200):
    generate("p")
from otel_persona.instrumentation import telemetry
print(handle.force_flush(5), len(telemetry.in_use().metrics._ended) < 64)
"""


def test_an_interrupted_program_goes_on_counting() -> None:
    """Ctrl-C may come at any moment, even while a turn is taken: nobody holds it for ever."""
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=90
    )

    assert ended.stdout.split() == ["True", "True"], ended.stderr
