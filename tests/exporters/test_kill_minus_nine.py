"""``kill -9`` at any moment loses no attempt whose call had returned."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ONE_THREAD = """
op.configure(log=sys.argv[1])
number = 0
while True:
    returned = generate(f"{os.getpid()}-{number}", ["piața din Cahul " * 60] * (number % 5))
    say(returned=returned)
    number += 1
"""
FOUR_THREADS = """
import threading
op.configure(log=sys.argv[1])

def work(name):
    number = 0
    while True:
        say(returned=generate(f"{os.getpid()}-{name}-{number}", ["zacuscă " * 80]))
        number += 1

for name in range(4):
    threading.Thread(target=work, args=(name,)).start()
"""
IN_A_HANDLER = """
import signal
op.configure(log=sys.argv[1])

def handle(*_):
    generate("in the handler")
    os.kill(os.getpid(), signal.SIGKILL)

signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[2]))
while True:
    generate("elsewhere", ["zacuscă " * 80])
"""


@pytest.mark.parametrize("script", [ONE_THREAD, FOUR_THREADS], ids=["one thread", "four threads"])
def test_every_call_that_returned_has_its_line(
    start: Callable[..., Any], read: Callable[..., Any], tmp_path: Path, script: str
) -> None:
    """A kill at a random moment, in one process after the other on one log, loses no such line."""
    log = tmp_path / "generation.log"
    returned: list[str] = []
    rounds = 5
    running = [start(script, log) for _ in range(rounds)]
    for child in running:
        returned += [child.hear()["returned"] for _ in range(1 + secrets.randbelow(400))]
        returned += [said["returned"] for said in child.kill()]

    seen = read(log)

    assert set(returned) <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))
    assert len(seen.skipped) <= rounds
    assert all(len(set(record.anchors_used)) <= 1 for record in seen.records)


def test_a_call_in_a_signal_handler_has_its_line_too(
    start: Callable[..., Any], read: Callable[..., Any], tmp_path: Path
) -> None:
    """Also where the signal came while this very thread was writing another line."""
    logs = [tmp_path / f"{number}.log" for number in range(20)]
    for number, log in enumerate(logs):
        start(IN_A_HANDLER, log, 0.02 + number * 0.000_37).wait()

    for log in logs:
        assert read(log).ids[-1] == "in the handler"
