"""Many processes on one log: spawned ones, and forked ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]
Read = Callable[..., Any]

WRITER = """
op.configure(log=sys.argv[1])
say(ready=True)
hear()
for number in range(300):
    generate(f"{sys.argv[2]}-{number}", [f"{sys.argv[2]} piața din Cahul " * (number % 13) * 40])
"""


@pytest.mark.parametrize("processes", [2, 4])
def test_every_line_of_every_process_is_whole(
    start: Start, read: Read, tmp_path: Path, processes: int
) -> None:
    """Lines of up to 12 KB, appended at the same time, never mix, and each keeps its order."""
    log = tmp_path / "generation.log"
    writers = [start(WRITER, log, name) for name in range(processes)]
    for writer in writers:
        writer.hear()
    for writer in writers:
        writer.go_on()
    for writer in writers:
        assert writer.wait() == 0, writer.errors

    seen = read(log)

    assert seen.skipped == []
    by_writer = {
        str(name): [id_ for id_ in seen.ids if id_.startswith(f"{name}-")]
        for name in range(processes)
    }
    for name, ids in by_writer.items():
        assert ids == [f"{name}-{number}" for number in range(300)]
    for record in seen.records:
        assert {anchor.split()[0] for anchor in record.anchors_used if anchor} <= {
            record.persona_id.split("-")[0]
        }


FORKS = """
import multiprocessing
batches = []
handle = op.configure(log=sys.argv[1], batch="attempts:100", on_batch=batches.append)

def child(name):
    for number in range(3):
        generate(f"{name}-{number}", ["hram"])
    handle.shutdown()
    say(child=name, sizes=[batch.batch_size for batch in batches])

for number in range(5):
    generate(f"parent-{number}")
context = multiprocessing.get_context("fork")
workers = [context.Process(target=child, args=(f"child{name}",)) for name in range(2)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
generate("parent-last")
handle.shutdown()
say(parent=[batch.batch_size for batch in batches], exits=[worker.exitcode for worker in workers])
"""


def test_forked_workers_write_their_own_lines_and_count_from_zero(
    start: Start, read: Read, tmp_path: Path
) -> None:
    """A fork shares the log; the parent's attempts are in no figure of a child, nor the reverse."""
    log = tmp_path / "generation.log"
    child = start(FORKS, log)
    said = [child.hear(), child.hear()]
    assert sorted(facts["child"] for facts in said) == ["child0", "child1"]
    assert [facts["sizes"] for facts in said] == [[3], [3]]
    assert child.hear() == {"parent": [6], "exits": [0, 0]}
    assert child.wait() == 0

    seen = read(log)

    parents = [f"parent-{number}" for number in (*range(5), "last")]
    children = [f"child{name}-{number}" for name in range(2) for number in range(3)]
    assert sorted(seen.ids) == sorted(parents + children)


PENDING = """
handle = op.configure(log=sys.argv[1])
generate("parent")
if os.fork() == 0:
    generate("child")
    os.remove(os.path.dirname(sys.argv[1]))
    handle.force_flush()
    handle.shutdown()
    os._exit(0)
os.wait()
say(flushed=handle.force_flush())
"""


def test_lines_that_are_pending_at_a_fork_are_written_once(
    start: Start, read: Read, tmp_path: Path
) -> None:
    """What waits in memory is the parent's to write."""
    folder = tmp_path / "logs"
    folder.write_text("in the way")
    child = start(PENDING, folder / "generation.log")
    assert child.hear()["flushed"]
    assert child.wait() == 0

    assert sorted(read(folder / "generation.log").ids) == ["child", "parent"]


SHARDS = """
op.configure(run_id="run", log=sys.argv[1] + "/{run_id}.{pid}.log")
generate("parent")
worker = os.fork()
if worker == 0:
    generate("child")
    os._exit(0)
os.wait()
generate("parent")
say(parent=os.getpid(), worker=worker)
"""


def test_a_forked_worker_has_a_shard_of_its_own(start: Start, read: Read, tmp_path: Path) -> None:
    """``{pid}`` is the pid of the process that writes, not of the one that set it up."""
    child = start(SHARDS, tmp_path)
    pids = child.hear()
    assert child.wait() == 0

    assert read(tmp_path / f"run.{pids['parent']}.log").ids == ["parent", "parent"]
    assert read(tmp_path / f"run.{pids['worker']}.log").ids == ["child"]


BUSY = """
import signal, threading
op.configure(log=sys.argv[1], batch="attempts:7")
stop = threading.Event()

def work():
    while not stop.is_set():
        generate("parent", ["zacuscă"] * 50)

threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads:
    thread.start()
exits = []
for number in range(40):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        generate(f"child-{number}")
        op.shutdown()
        os._exit(0)
    exits.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
stop.set()
for thread in threads:
    thread.join()
say(exits=exits)
"""


def test_a_fork_while_other_threads_write_does_not_hang(
    start: Start, read: Read, tmp_path: Path
) -> None:
    """No lock that another thread held at the fork stays locked in the child."""
    log = tmp_path / "generation.log"
    child = start(BUSY, log)
    assert child.hear()["exits"] == [0] * 40
    assert child.wait() == 0, child.errors

    seen = read(log)

    written = Counter(seen.ids)
    assert all(written[f"child-{number}"] == 1 for number in range(40))
    assert seen.skipped == []


FIRST_USE = """
import signal, threading
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

inside, fork_is_over = threading.Event(), threading.Event()

class Slow(TracerProvider):
    def get_tracer(self, *args, **named):
        if threading.current_thread() is not threading.main_thread():
            inside.set()
            fork_is_over.wait()
        return super().get_tracer(*args, **named)

trace.set_tracer_provider(Slow(shutdown_on_exit=False))
first = threading.Thread(target=generate, args=("parent",))
first.start()
inside.wait()
pid = os.fork()
if pid == 0:
    signal.alarm(20)
    generate("child")
    os._exit(0)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
fork_is_over.set()
first.join()
say(code=code)
"""


def test_a_fork_while_another_thread_makes_the_first_attempt_does_not_hang(start: Start) -> None:
    """That thread holds the lock on what it sets up, and is not there in the child."""
    child = start(FIRST_USE)
    assert child.hear()["code"] == 0
    assert child.wait() == 0, child.errors


COUNTING = """
import signal, threading
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics._internal.aggregation import _ExplicitBucketHistogramAggregation

counting, forking = threading.Event(), threading.Event()
aggregate = _ExplicitBucketHistogramAggregation.aggregate

def slow(self, *args):
    if threading.current_thread() is not threading.main_thread() and not forking.is_set():
        with self._lock:  # as the original holds it
            counting.set()
            forking.wait()
    aggregate(self, *args)

_ExplicitBucketHistogramAggregation.aggregate = slow
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
op.configure(log=sys.argv[1])
generate("before")
reader.get_metrics_data()
generate("waits")
collecting = threading.Thread(target=reader.get_metrics_data)
collecting.start()
counting.wait()
os.register_at_fork(before=forking.set)  # called first: the latest hook comes first
pid = os.fork()
if pid == 0:
    signal.alarm(20)
    generate("child")
    reader.get_metrics_data()
    os._exit(0)
say(code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
collecting.join()
"""


def test_a_fork_while_another_thread_counts_does_not_hang(start: Start, tmp_path: Path) -> None:
    """The fork waits until no thread holds the lock of a histogram of ours."""
    child = start(COUNTING, tmp_path / "generation.log")
    assert child.hear()["code"] == 0
    assert child.wait() == 0, child.errors


METRICS = """
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
op.configure(log=sys.argv[1], batch="attempts:2")

def shown(*names):
    data = reader.get_metrics_data()
    return {
        metric.name: sum(point.value for point in metric.data.data_points)
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name in names
    }

NAMES = sys.argv[2:]

@op.attempt(stage="B")
def generate(persona_id):
    attempt = op.current_attempt()
    attempt.record_usage(prompt_tokens=600, completion_tokens=400)
    attempt.record_repair("trait_leak")
    attempt.record_opening_move("hook")
    attempt.record_score("pollyanna", float("nan"))

for number in range(4):
    generate("parent")
say(parent=shown(*NAMES))
pid = os.fork()
if pid == 0:
    first = shown(*NAMES)
    generate("child")
    say(first=first, then=shown(*NAMES))
    os._exit(0)
os.waitpid(pid, 0)
say(parent=shown(*NAMES))
"""


# What one attempt adds to each.
COUNTERS = {
    "persona.attempts": 1,
    "persona.tokens": 1000,
    "persona.cost": 0.00045,
    "persona.repairs": 1,
    "persona.opening_moves": 1,
    "persona.records.rejected": 1,
}
GAUGES = ("persona.batch.batch_size", "persona.indicator.band")


def test_metrics_of_a_forked_worker_start_at_zero(start: Start, tmp_path: Path) -> None:
    """The parent's attempts, refused values and batches are reported by the parent alone."""
    child = start(METRICS, tmp_path / "generation.log", *COUNTERS, *GAUGES)
    parent = child.hear()["parent"]
    assert {name: parent[name] for name in COUNTERS} == pytest.approx(
        {name: 4 * one for name, one in COUNTERS.items()}
    )
    assert parent["persona.batch.batch_size"] == 2
    forked = child.hear()
    assert {name: forked["first"].get(name, 0) for name in COUNTERS} == dict.fromkeys(COUNTERS, 0)
    assert not forked["first"].keys() & set(GAUGES)
    assert forked["then"] == pytest.approx(COUNTERS)
    assert child.hear()["parent"] == parent
    assert child.wait() == 0


GENERATOR = """
@op.attempt(stage="B")
def count(persona_id):
    yield 1
    yield 2

op.configure(log=sys.argv[1])
counting = count("p")
next(counting)
pid = os.fork()
if pid == 0:
    del counting
    os._exit(0)
os.waitpid(pid, 0)
list(counting)
say(done=True)
"""


def test_a_generator_that_was_open_at_a_fork_ends_in_the_parent(
    start: Start, read: Read, tmp_path: Path
) -> None:
    """The child that drops its copy writes nothing."""
    log = tmp_path / "generation.log"
    child = start(GENERATOR, log)
    assert child.hear() == {"done": True}
    assert child.wait() == 0, child.errors

    assert [(record.persona_id, record.status) for record in read(log).records] == [
        ("p", "success")
    ]
