"""Flushing, shutting down, ending: deadlines are kept, lines are kept, and nothing is noisy."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Lines = Callable[..., Any]

ADDRESSES = ["http://127.0.0.1:{}", "grpc://127.0.0.1:{}"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_collector_that_hangs_costs_the_deadline_and_no_line(
    run: Run, lines: Lines, silent_port: int, address: str
) -> None:
    """Both calls give up in time, say so, and the lines and the last batch are there.

    The clock is compared because the contract promises the deadline that is handed in, here one
    second.
    """
    began = time.monotonic()
    ended = run(
        f"""
sizes = []
handle = op.configure(log="generation.log", otlp={address.format(silent_port)!r},
                      on_batch=lambda batch: sizes.append(batch.batch_size))
for number in range(20): generate(str(number))

def timed(call):
    began = time.monotonic()
    return [call(1.0), time.monotonic() - began]

say(flush=timed(handle.force_flush), shutdown=timed(handle.shutdown), sizes=sizes)
"""
    )

    (said,) = ended.said
    for done, seconds in (said["flush"], said["shutdown"]):
        assert done is False
        assert seconds < 5
    assert said["sizes"] == [20]
    assert len(lines()) == 20
    assert time.monotonic() - began < 30, "what still hangs ends with the process"


def test_a_program_ends_though_the_collector_hangs(
    run: Run, lines: Lines, silent_port: int
) -> None:
    """Nobody shuts down: the end waits ten seconds at most, whatever the protocol.

    The clock is compared because those ten seconds are the contract's own deadline.
    """
    script = "op.configure(log={log!r}, otlp={otlp!r}); generate('1')"
    began = time.monotonic()
    with ThreadPoolExecutor() as both:
        ends = [
            both.submit(run, script.format(log=f"{number}.log", otlp=otlp.format(silent_port)))
            for number, otlp in enumerate(ADDRESSES)
        ]
        codes = [end.result().code for end in ends]

    assert codes == [0, 0]
    assert time.monotonic() - began < 30
    assert [len(lines(f"{number}.log")) for number in range(2)] == [1, 1]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_collector_that_is_not_there(run: Run, lines: Lines, address: str) -> None:
    """A refused connection neither raises nor loses a line."""
    ended = run(
        f"op.configure(log='generation.log', otlp={address.format(9)!r}); generate('1')\n"
        "op.shutdown(1.0); say(done=True)"
    )

    assert ended.said == [{"done": True}]
    assert len(lines()) == 1


def test_the_end_closes_the_last_batch(run: Run, lines: Lines) -> None:
    """A program that just ends has its partial batch told, and nothing else is heard."""
    ended = run(
        """
op.configure(log="generation.log", on_batch=lambda batch: say(
    size=batch.batch_size, complete=batch.complete))
for number in range(3): generate(str(number))
"""
    )

    assert ended.said == [{"size": 3, "complete": False}]
    assert ended.errors == ""
    assert len(lines()) == 3


def test_a_callback_that_takes_too_long_is_no_collectors_fault(run: Run, lines: Lines) -> None:
    """The shutdown keeps its deadline, and what it says is true where nothing is sent."""
    ended = run(
        """
import threading
op.configure(log="generation.log", on_batch=lambda batch: threading.Event().wait(60))
generate("1")
say(shut=op.shutdown(0.5))
"""
    )

    assert ended.said == [{"shut": False}]
    assert ended.errors.startswith("the shutdown was not over within 0.5 s")
    assert len(lines()) == 1


def test_the_end_where_no_thread_can_be_started(run: Run) -> None:
    """Some interpreters start none when they end, and a full machine none at all."""
    ended = run(
        """
import threading
op.configure(log="generation.log", on_batch=lambda batch: say(size=batch.batch_size))
generate("1")
threading.stack_size(1 << 46)
"""
    )

    assert ended.said == [{"size": 1}]
    assert ended.errors == ""


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_deadline_holds_where_no_thread_can_be_started(
    run: Run, lines: Lines, silent_port: int, address: str
) -> None:
    """On Python 3.12 none is started at the end, and each batch would cost ten seconds there."""
    ended = run(
        f"""
import threading
handle = op.configure(log="generation.log", otlp={address.format(silent_port)!r})
for number in range(2000): generate(str(number))
threading.stack_size(1 << 46)
began = time.monotonic()
arrived = handle.shutdown(1.0)
say(arrived=arrived, seconds=time.monotonic() - began)
"""
    )

    (said,) = ended.said
    assert said["arrived"] is False
    assert said["seconds"] < 5
    assert len(lines()) == 2000


@pytest.mark.parametrize(
    ("end", "code", "errors"),
    [
        ("sys.exit(3)", 3, ""),
        ("raise SystemExit('no more')", 1, "no more\n"),
        ("raise ValueError('mine')", 1, "ValueError: mine\n"),
    ],
)
def test_a_program_ends_as_it_wants_to(
    run: Run, lines: Lines, end: str, code: int, errors: str
) -> None:
    """Its exit code and its own words are its own; the last batch is closed all the same."""
    ended = run(
        "op.configure(log='generation.log', on_batch=lambda batch: say(size=batch.batch_size))\n"
        f"generate('1')\n{end}\n"
    )

    assert ended.code == code
    assert ended.errors.endswith(errors)
    assert ended.errors.count("Traceback") == errors.count("ValueError")
    assert "otel" not in ended.errors
    assert ended.output == '{"size": 1}\n'
    assert len(lines()) == 1


def test_plain_use_warns_of_nothing(run: Run, lines: Lines) -> None:
    """With every warning an error, set-up, attempts, flush and end are silent."""
    ended = run(
        """
op.configure(run_id="25K_a", log="generation.log", batch="attempts:2", fsync="second")
with op.persona("p1"):
    generate("p1")
    with op.attempt(stage="C") as attempt:
        attempt.record_score("pollyanna", 0.7)
assert op.shutdown()
""",
        "-W",
        "error",
        "-X",
        "dev",
    )

    assert (ended.code, ended.output, ended.errors) == (0, "", "")
    assert len(lines()) == 2


def test_attempts_after_the_shutdown_are_kept_and_break_nothing(run: Run, lines: Lines) -> None:
    """What still runs when a program shuts down gets its line."""
    ended = run(
        """
handle = op.configure(log="generation.log")
generate("1")
say(first=op.shutdown(), again=op.shutdown(), handle=handle.shutdown(), closed=handle.closed)
generate("2"); generate("3")
"""
    )

    assert ended.said == [{"first": True, "again": True, "handle": True, "closed": True}]
    assert [record.persona_id for record in lines()] == ["1", "2", "3"]
    assert ended.errors == ""


def test_shutting_down_what_was_never_set_up(run: Run) -> None:
    """It is fine to call ``shutdown`` for nothing."""
    ended = run("say(shut=op.shutdown())")

    assert ended.said == [{"shut": True}]
    assert ended.errors == ""


def test_a_flush_brings_pending_lines_to_the_disk(run: Run, lines: Lines, tmp_path: Path) -> None:
    """``force_flush`` says whether all that waits has been written."""
    (tmp_path / "logs").write_text("in the way")
    ended = run(
        """
handle = op.configure(log="logs/generation.log")
generate("1")
first = handle.force_flush(5)
os.remove("logs")
say(first=first, then=handle.force_flush(5))
"""
    )

    assert ended.said == [{"first": False, "then": True}]
    assert len(lines("logs/generation.log")) == 1


def test_a_shutdown_says_that_lines_were_lost(run: Run, lines: Lines, tmp_path: Path) -> None:
    """``False`` where the log could not be written; the batch is closed all the same."""
    (tmp_path / "logs").write_text("in the way")
    ended = run(
        """
handle = op.configure(log="logs/generation.log",
                      on_batch=lambda batch: say(size=batch.batch_size))
generate("1")
say(shut=handle.shutdown(5), again=handle.shutdown(5))

op.configure(log="generation.log", on_batch=lambda batch: say(size=batch.batch_size))
generate("2")
say(shut=op.shutdown(5))
"""
    )

    assert ended.said == [
        {"size": 1},
        {"shut": False, "again": True},
        {"size": 1},
        {"shut": True},
    ]
    assert [record.persona_id for record in lines()] == ["2"]


def test_a_shutdown_writes_what_was_pending(run: Run, lines: Lines, tmp_path: Path) -> None:
    """What can be written in the end is not lost, and that is said."""
    (tmp_path / "logs").write_text("in the way")
    ended = run(
        """
handle = op.configure(log="logs/generation.log")
generate("1")
os.remove("logs")
say(shut=handle.shutdown(5))
"""
    )

    assert ended.said == [{"shut": True}]
    assert len(lines("logs/generation.log")) == 1


def test_a_part_that_fails_at_the_end_keeps_no_other_from_it(run: Run, lines: Lines) -> None:
    """Figures are closed and lines written though a callback or a provider's own part raises."""
    ended = run(
        """
import logging
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

class Broken(SpanProcessor):
    def shutdown(self): raise ValueError("broken shutdown")
    def force_flush(self, timeout_millis=30000): raise ValueError("broken flush")

from opentelemetry import trace
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(Broken())
trace.set_tracer_provider(provider)

def on_batch(batch):
    say(size=batch.batch_size)
    raise KeyError("broken callback")

handle = op.configure(log="generation.log", on_batch=on_batch)
generate("1")
say(flushed=handle.force_flush(5), shut=handle.shutdown(5))
"""
    )

    assert ended.said == [{"size": 1}, {"flushed": True, "shut": True}]
    assert ended.errors.count("broken callback") == 1
    assert len(lines()) == 1


def test_a_callback_may_end_it_all(run: Run, lines: Lines) -> None:
    """Who stops a run from inside a callback does not wait for that callback to return.

    The clock is compared because such a wait would last until the contract's deadline, at least ten
    seconds, and then look as if nothing had been wrong.
    """
    ended = run(
        """
def on_batch(batch):
    began = time.monotonic()
    flushed, shut = handle.force_flush(), op.shutdown()
    say(size=batch.batch_size, flushed=flushed, shut=shut, seconds=time.monotonic() - began)

handle = op.configure(log="generation.log", batch="attempts:2", on_batch=on_batch)
for number in range(5): generate(str(number))
"""
    )

    (said,) = ended.said
    assert (said["size"], said["flushed"], said["shut"]) == (2, False, False)
    assert said["seconds"] < 5
    assert len(lines()) == 5
    assert ended.errors == ""


TERMINATED = """
import random, signal
def stop(*_):
    said = op.shutdown(30)
    say(shut=said)
    sys.exit(0)

handle = op.configure(log="generation.log", batch="attempts:1000000",
                      on_batch=lambda batch: say(told=batch.batch_size))
signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, 0.02 + float(sys.argv[1]))
while True:
    generate("p")
"""


def test_a_shutdown_in_a_signal_handler(run: Run, lines: Lines, tmp_path: Path) -> None:
    """Also while the interrupted thread holds the log: nothing waits for it, nothing is lost.

    What could not be done inside the handler is done at the program's end.
    """
    for number in range(15):
        ended = run(TERMINATED.replace("sys.argv[1]", str(number * 0.000_7)))
        (told,) = [said["told"] for said in ended.said if "told" in said]
        # The attempt that was interrupted, and the one that ends with the handler's exit, have
        # their lines, and may be late for the figures.
        assert len(lines()) - 2 <= told <= len(lines())
        (tmp_path / "generation.log").unlink()
