"""Many processes of one run: each reports its own attempts, once, and is named apart."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Run = Callable[..., Any]
Lines = Callable[..., Any]


class Reported:
    """What each process has reported, by ``service.instance.id``."""

    def __init__(self, received: Iterable[tuple[str, bytes]]) -> None:
        self.spans: Counter[str] = Counter()
        self.attempts: dict[str, int] = {}
        self.durations: dict[str, int] = {}
        for path, body in received:
            if path == "/v1/traces":
                self._take_spans(ExportTraceServiceRequest.FromString(body))
            elif path == "/v1/metrics":
                self._take_metrics(ExportMetricsServiceRequest.FromString(body))

    def _take_spans(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            self.spans[_instance(resource)] += sum(
                len(scope.spans) for scope in resource.scope_spans
            )

    def _take_metrics(self, request: ExportMetricsServiceRequest) -> None:
        """Let what a process says now replace what it said before: all is cumulative."""
        for resource in request.resource_metrics:
            instance = _instance(resource)
            for metric in [metric for scope in resource.scope_metrics for metric in scope.metrics]:
                points = metric.sum.data_points or metric.histogram.data_points
                if metric.name == "persona.attempts":
                    self.attempts[instance] = sum(point.as_int for point in points)
                elif metric.name == "persona.attempt.duration":
                    self.durations[instance] = sum(point.count for point in points)


def _instance(resource: Any) -> str:
    (instance,) = [
        attribute.value.string_value
        for attribute in resource.resource.attributes
        if attribute.key == "service.instance.id"
    ]
    return str(instance)


WORKERS = """
import multiprocessing, sys
import otel_persona as op

@op.attempt(stage="B")
def generate(persona_id):
    pass

(start,) = sys.argv[1:]

def work(worker):
    for number in range(10):
        generate(f"{worker}-{number}")

if __name__ == "__main__":
    if start == "fork":
        generate("parent-1")
        generate("parent-2")
    context = multiprocessing.get_context(start)
    workers = [context.Process(target=work, args=(number,)) for number in range(4)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
"""


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_workers_report_their_own_attempts_without_a_call(
    tmp_path: Path, http_collector: Any, lines: Lines, start: str
) -> None:
    """Workers end without ``atexit``, and forked ones begin with their parent's counts."""
    program = tmp_path / "program.py"
    program.write_text(WORKERS)
    done = subprocess.run(
        [sys.executable, "-W", "ignore:This process:DeprecationWarning", str(program), start],
        cwd=tmp_path,
        env={
            "OTEL_PERSONA_LOG": "generation.log",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{http_collector.port}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    by_process = [10, 10, 10, 10] if start != "fork" else [2, 10, 10, 10, 10]
    assert len(lines()) == sum(by_process)
    reported = Reported(http_collector.received)
    for counted in (reported.spans, reported.attempts, reported.durations):
        assert sorted(counted.values()) == by_process


def test_a_fork_in_the_middle_of_everything_hangs_nobody(
    run: Run, lines: Lines, http_collector: Any
) -> None:
    """While metrics are collected all the time and threads generate, children work and end."""
    ended = run(
        f"""
import threading
op.configure(log="generation.log", otlp="http://127.0.0.1:{http_collector.port}")
over = threading.Event()

def go_on():
    while not over.is_set(): generate("parent")

threads = [threading.Thread(target=go_on) for _ in range(3)]
for thread in threads: thread.start()
codes = []
for child in range(15):
    pid = os.fork()
    if pid == 0:
        generate(f"child-{{child}}")
        os._exit(0 if op.shutdown(20) else 1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
over.set()
for thread in threads: thread.join()
say(codes=codes)
""",
        "-W",
        "ignore:This process:DeprecationWarning",
        OTEL_METRIC_EXPORT_INTERVAL="1",
        OTEL_BSP_MAX_QUEUE_SIZE="100000",
    )

    assert ended.said == [{"codes": [0] * 15}]
    children = {record.persona_id for record in lines()} - {"parent"}
    assert children == {f"child-{child}" for child in range(15)}
    reported = Reported(http_collector.received)
    assert sorted(reported.attempts.values())[:15] == [1] * 15
    assert sorted(reported.spans.values())[:15] == [1] * 15
    assert sum(reported.spans.values()) == len(lines())


def test_a_fork_waits_for_a_collection_of_metrics(
    run: Run, lines: Lines, http_collector: Any
) -> None:
    """A child must not get the locks that the collecting thread holds: nobody releases them."""
    ended = run(
        f"""
import signal, threading
from opentelemetry import metrics
handle = op.configure(log="generation.log", otlp="http://127.0.0.1:{http_collector.port}")
collecting, forking, forked = (threading.Event() for _ in range(3))

def slow(_):
    if not forking.is_set():
        collecting.set()
        forking.wait()
        forked.wait(0.5)  # a fork that waits is not over before this is
    return []

metrics.get_meter("theirs").create_observable_gauge("slow", [slow])
generate("parent")
flushing = threading.Thread(target=handle.force_flush)
flushing.start()
collecting.wait()
os.register_at_fork(before=forking.set, after_in_parent=forked.set)  # called before all others
pid = os.fork()
if pid == 0:
    generate("child")
    os._exit(0 if handle.force_flush(10) else 1)
stop = threading.Timer(30, os.kill, (pid, signal.SIGKILL))  # it may hang before it runs a line
stop.start()
say(code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
stop.cancel()
flushing.join()
""",
        "-W",
        "ignore:This process:DeprecationWarning",
    )

    assert ended.said == [{"code": 0}]
    assert sorted(Reported(http_collector.received).attempts.values()) == [1, 1]
    assert len(lines()) == 2


def test_a_fork_in_the_middle_of_a_call_over_grpc_hangs_no_child(
    run: Run, lines: Lines, grpc_collector: Any
) -> None:
    """A channel that a thread of the parent holds must be neither closed nor made in the fork."""
    ended = run(
        f"""
op.configure(log="generation.log", otlp="grpc://127.0.0.1:{grpc_collector.port}")
codes = []
for child in range(60):
    generate("parent")
    pid = os.fork()
    if pid == 0:
        generate(f"child-{{child}}")
        os._exit(0)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    if codes[-1]: break
say(codes=codes)
""",
        "-W",
        "ignore:This process:DeprecationWarning",
        OTEL_METRIC_EXPORT_INTERVAL="1",
    )

    assert ended.said == [{"codes": [0] * 60}]
    children = [record.persona_id for record in lines() if record.persona_id != "parent"]
    assert children == [f"child-{child}" for child in range(60)]
