"""Attempts that end while telemetry is at work in the same thread, and real signals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from otel_persona.records import decode_line


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that must not hang."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-X", "faulthandler", "-c", program],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


COLLECTED = """
import faulthandler, gc, json
faulthandler.dump_traceback_later(60, exit=True)
import otel_persona as op
from otel_persona.testing import capture

@op.attempt(stage="B")
def generator(persona_id, cycle):
    yield 1

@op.attempt(stage="C")
def plain(persona_id):
    a = op.current_attempt()
    a.record_score("x", 2)
    a.record_usage(prompt_tokens=1, completion_tokens=1)

def abandon():
    cycle = []
    cycle.append(generator("p", cycle))
    next(cycle[0])

begun = 0
with capture(log="generation.log", batch="attempts:5") as captured:
    for threshold in (1, 2, 3, 5, 7, 11, 13, 17, 19, 23):
        gc.set_threshold(threshold, 1, 1)
        for _ in range(100):
            abandon()
            plain("p")
            begun += 1
        gc.set_threshold(700, 10, 10)
    gc.collect()
    counted = {dict(at)["stage"]: p.value for at, p in captured.metric("persona.attempts").items()}
    assert counted == {"B": begun, "C": begun}, counted
    assert len(captured.records) == 2 * begun
    assert captured.metric("persona.records.lost") == {}
lines = [json.loads(line) for line in open("generation.log")]
assert len(lines) == 2 * begun
assert sum(batch.batch_size for batch in captured.batches) == 2 * begun
"""


def test_generators_collected_while_telemetry_is_at_work(tmp_path: Path) -> None:
    """The collector may end an attempt at any moment, also where a lock is held: nothing hangs."""
    ran = run(COLLECTED, tmp_path)
    assert ran.returncode == 0, ran.stderr


INTERRUPTED = """
import asyncio, signal, sys
import otel_persona as op

# A program in the background of a shell without job control inherits that SIGINT is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
op.configure(log="generation.log", run_id="25K_1")
step = signal.raise_signal

@op.attempt(stage="B")
def plain(persona_id):
    step(signal.SIGINT)

@op.attempt(stage="B")
def generator(persona_id):
    yield 1
    step(signal.SIGINT)
    yield 2

@op.attempt(stage="B")
async def coroutine(persona_id):
    step(signal.SIGINT)
    await asyncio.Event().wait()

try:
    if sys.argv[1] == "plain":
        plain("p")
    elif sys.argv[1] == "generator":
        list(generator("p"))
    elif sys.argv[1] == "block":
        with op.attempt(stage="B", persona_id="p"):
            step(signal.SIGINT)
    else:
        asyncio.run(coroutine("p"), debug=True)
except KeyboardInterrupt:
    assert op.current_attempt().persona_id == ""
    sys.exit(3)
"""


@pytest.mark.parametrize("shape", ["plain", "generator", "block", "coroutine"])
def test_control_c(shape: str, tmp_path: Path) -> None:
    """Ctrl-C in an attempt reaches the program, and the attempt's line is written before."""
    program = INTERRUPTED.replace("sys.argv[1]", repr(shape))
    ran = run(program, tmp_path)
    assert (ran.returncode, ran.stderr) == (3, "")
    [line] = (tmp_path / "generation.log").read_bytes().splitlines()
    record = decode_line(line)
    assert (record.persona_id, record.status) == ("p", "fail")
    expected = "CancelledError: cancelled" if shape == "coroutine" else "KeyboardInterrupt: error"
    assert record.error == expected


def test_an_attempt_in_a_signal_handler(tmp_path: Path) -> None:
    """A handler runs between any two steps of the main thread, telemetry's own included."""
    program = """
import faulthandler, signal
faulthandler.dump_traceback_later(60, exit=True)
import otel_persona as op
from otel_persona.testing import capture

@op.attempt(stage="C")
def handled(persona_id):
    op.current_attempt().record_score("x", 0.5)

@op.attempt(stage="B")
def plain(persona_id):
    op.current_attempt().record_score("x", 0.5)

seen = []
def handler(*_):
    seen.append(1)
    handled("p")

with capture(log="generation.log", batch="attempts:5") as captured:
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    begun = 0
    while len(seen) < 300:
        plain("p")
        begun += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    counted = {dict(at)["stage"]: p.value for at, p in captured.metric("persona.attempts").items()}
    assert counted == {"B": begun, "C": len(seen)}, (counted, begun, len(seen))
    assert len(captured.records) == begun + len(seen)
    assert captured.metric("persona.records.lost") == {}
assert len(open("generation.log").readlines()) == begun + len(seen)
"""
    ran = run(program, tmp_path)
    assert ran.returncode == 0, ran.stderr


def test_a_task_that_dies_with_its_loop(tmp_path: Path) -> None:
    """A program that ends with attempts still running says so in each of their lines."""
    program = """
import asyncio
import otel_persona as op

op.configure(log="generation.log", run_id="25K_1")

@op.attempt(stage="B")
async def forever(persona_id):
    await asyncio.Event().wait()

async def main():
    tasks = [asyncio.create_task(forever(str(index))) for index in range(3)]
    await asyncio.sleep(0)
    return tasks

asyncio.run(main(), debug=True)
"""
    ran = run(program, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    records = [
        decode_line(line) for line in (tmp_path / "generation.log").read_bytes().splitlines()
    ]
    assert sorted(record.persona_id for record in records) == ["0", "1", "2"]
    assert {record.error for record in records} == {"CancelledError: cancelled"}


LIMITED = """
import random, signal
import otel_persona as op

class Limit(TimeoutError):
    pass

def limit(*_):
    raised.append(1)
    raise Limit("of the program's own")

@op.attempt(stage="B")
def plain(persona_id):
    op.current_attempt().record_score("x", 0.5)
    returned.append(persona_id)

def until_raised(number):
    while len(raised) == number:
        plain(str(len(returned)))

raised, reached, returned = [], [], []
handle = op.configure(log="generation.log", batch="attempts:20")
signal.signal(signal.SIGALRM, limit)
random.seed(25)
for number in range(600):
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0005, 0.002))
        until_raised(number)
    except Limit:
        reached.append(1)
print(len(raised) - len(reached))
"""


def test_a_time_limit_of_the_program_reaches_it(tmp_path: Path) -> None:
    """What a handler raises while telemetry runs is no fault of telemetry, nor one of the disk."""
    ran = run(LIMITED, tmp_path)
    assert (ran.returncode, ran.stdout.strip()) == (0, "0"), ran.stderr
    assert "cannot be written" not in ran.stderr
