"""What waits to be sent: all that fits is sent, and each item that does not is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Lines = Callable[..., Any]

COUNTED = """
from otel_persona.delivery import losses

def lost():
    return {"/".join(labels): count for labels, count in losses.counts().items()}
"""
FORKING = ("-W", "ignore:This process:DeprecationWarning")
NEVER_BY_ITSELF = {"OTEL_BSP_SCHEDULE_DELAY": "3600000"}


def test_what_was_sent_makes_room(run: Run, http_collector: Any) -> None:
    """A run may have any number of spans, if only few of them wait at a time."""
    ended = run(
        f"""
handle = op.configure(otlp="http://127.0.0.1:{http_collector.port}")
for number in range(40):
    generate(str(number))
    if number % 5 == 0: handle.force_flush(30)
say(stopped=op.shutdown(30))
""",
        OTEL_BSP_MAX_QUEUE_SIZE="8",
    )

    assert ended.said == [{"stopped": True}]
    assert ended.errors == ""
    assert http_collector.personas() == [str(number) for number in range(40)]


def test_attempts_that_are_not_sampled_take_no_place(
    run: Run, lines: Lines, http_collector: Any
) -> None:
    """Half of them would not fit beside the others."""
    ended = run(
        f"""
handle = op.configure(log="generation.log", otlp="http://127.0.0.1:{http_collector.port}")
for number in range(400): generate(str(number))
say(stopped=op.shutdown(30))
""",
        OTEL_BSP_MAX_QUEUE_SIZE="300",
        OTEL_TRACES_SAMPLER="traceidratio",
        OTEL_TRACES_SAMPLER_ARG="0.5",
        **NEVER_BY_ITSELF,
    )

    assert ended.said == [{"stopped": True}]
    assert ended.errors == ""
    sampled = [line.persona_id for line in lines() if line.trace_id]
    assert http_collector.personas() == sampled
    assert len(sampled) < 300


def test_a_forked_childs_queue_is_empty(run: Run, http_collector: Any) -> None:
    """What waits in its parent takes no place in it, and is sent by the parent."""
    ended = run(
        f"""
handle = op.configure(otlp="http://127.0.0.1:{http_collector.port}")
for number in range(6): generate(f"parent-{{number}}")
pid = os.fork()
if pid == 0:
    for number in range(6): generate(f"child-{{number}}")
    os._exit(0 if op.shutdown(30) else 1)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
say(code=code, stopped=op.shutdown(30))
""",
        *FORKING,
        OTEL_BSP_MAX_QUEUE_SIZE="8",
        **NEVER_BY_ITSELF,
    )

    assert ended.said == [{"code": 0, "stopped": True}]
    assert ended.errors == ""
    names = [f"{process}-{number}" for process in ("child", "parent") for number in range(6)]
    assert http_collector.personas() == names


def test_a_forked_child_has_a_connection_of_its_own(run: Run, http_collector: Any) -> None:
    """Two processes that talk over one hear each other's answers."""
    ended = run(
        """
handle = op.configure(log="generation.log")
generate("parent")
handle.force_flush(30)
pid = os.fork()
if pid == 0:
    opened = []
    sys.addaudithook(lambda event, arguments: event == "socket.connect" and opened.append(event))
    generate("child")
    say(stopped=op.shutdown(30), opened=len(opened))
    os._exit(0)
os.waitpid(pid, 0)
""",
        *FORKING,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"http://127.0.0.1:{http_collector.port}/v1/traces",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
    )

    assert ended.said == [{"stopped": True, "opened": 1}]
    assert http_collector.personas() == ["parent", "child"]


def test_a_forked_child_sends_over_grpc(run: Run, grpc_collector: Any) -> None:
    """Also where its parent has sent before, and sends after it."""
    ended = run(
        f"""
handle = op.configure(otlp="grpc://127.0.0.1:{grpc_collector.port}")
generate("parent-1")
handle.force_flush(30)
pid = os.fork()
if pid == 0:
    generate("child")
    os._exit(0 if op.shutdown(30) else 1)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
generate("parent-2")
say(code=code, stopped=op.shutdown(30))
""",
        *FORKING,
    )

    assert ended.said == [{"code": 0, "stopped": True}]
    assert sorted(grpc_collector.personas()) == ["child", "parent-1", "parent-2"]


def test_each_event_that_finds_no_place_is_counted(run: Run, closed_port: int) -> None:
    """The sum of what is counted is what was made, as for spans."""
    ended = run(
        COUNTED
        + f"""
from opentelemetry._logs import get_logger_provider
handle = op.configure(otlp="http://127.0.0.1:{closed_port}")
logger = get_logger_provider().get_logger("theirs")
for _ in range(20): logger.emit(body="an event")
handle.force_flush(30)
say(**lost())
""",
        OTEL_BLRP_MAX_QUEUE_SIZE="4",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )

    (counted,) = ended.said
    assert counted["logs/queue_full"] >= 8
    assert counted["logs/queue_full"] + counted["logs/export_failed"] == 20


def test_what_comes_after_the_shutdown_is_not_lost_on_the_way(
    run: Run, http_collector: Any
) -> None:
    """It was never to be sent."""
    ended = run(
        COUNTED
        + f"""
op.configure(otlp="http://127.0.0.1:{http_collector.port}")
say(stopped=op.shutdown(30))
for number in range(5): generate(str(number))
say(**lost())
""",
        OTEL_BSP_MAX_QUEUE_SIZE="2",
    )

    assert ended.said == [{"stopped": True}, {}]
    assert ended.errors == ""


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/metrics"])
def test_sending_needs_no_call(run: Run, http_collector: Any, tmp_path: Path, path: str) -> None:
    """Spans and metrics go out at their intervals, again and again."""

    def answer(called: str) -> int:
        if [place for place, _ in http_collector.received].count(path) >= 2:
            (tmp_path / "twice").touch()
        return 200

    http_collector.answer = answer
    ended = run(
        f"""
op.configure(otlp="http://127.0.0.1:{http_collector.port}")
deadline = time.monotonic() + 30
while not os.path.exists("twice") and time.monotonic() < deadline: generate("1")
say(arrived=os.path.exists("twice"))
""",
        OTEL_METRIC_EXPORT_INTERVAL="50",
        OTEL_BSP_SCHEDULE_DELAY="50",
        OTEL_BSP_MAX_QUEUE_SIZE="1000000",
    )

    assert ended.said == [{"arrived": True}]
