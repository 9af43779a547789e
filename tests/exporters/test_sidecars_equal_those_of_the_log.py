"""What is written while a run goes on is what its log gives afterwards, to the last byte."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SETTINGS = "safety: {telemetry: {checkpoint_attempts: 50, checkpoint_s: 0.1}}"
GENERATE = """
import threading


@op.attempt(stage="B")
def write(persona_id, number):
    attempt = op.current_attempt()
    attempt.record_usage(prompt_tokens=450 + number % 7, completion_tokens=number % 91, model="m")
    attempt.record_scores({"pollyanna": number % 13 / 13, "anchor_specificity": 1 / (1 + number)})
    attempt.record_anchors("piața din Cahul", f"hram {number % 31}")
    attempt.record_opening_move(["contrast", "value", "micro_story"][number % 3])
    if number % 5 == 0:
        attempt.record_repair("trait_leak")
        attempt.set_status("repair")
    if number % 11 == 0:
        raise ValueError("too long")

@op.attempt(stage="validation", target="anchors")
def validate(persona_id):
    pass

def personas(first, last):
    for number in range(first, last):
        with op.persona(f"p-{number}", symbol=("Nord", "Sud", None)[number % 3]):
            for _ in range(1 + number % 2):
                try:
                    write(f"p-{number}", number)
                except ValueError:
                    pass
            if number % 10 == 0:
                validate(f"p-{number}")

def begin():
    return op.configure(
        run_id="25K_a", log="generation.log", sidecars="REPRODUCIBILITY",
        safety={"telemetry": {"checkpoint_attempts": 50, "checkpoint_s": 0.1}},
    )
"""
ONE_THREAD = """
begin()
personas(0, 400)
"""
FOUR_THREADS = """
begin()
threads = [threading.Thread(target=personas, args=(n * 100, n * 100 + 100)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
FORKED_WORKERS = """
import multiprocessing
begin()
personas(400, 410)
context = multiprocessing.get_context("fork")
workers = [context.Process(target=personas, args=(n * 100, n * 100 + 100)) for n in range(4)]
for worker in workers: worker.start()
for worker in workers: worker.join()
assert [worker.exitcode for worker in workers] == [0] * 4
"""


def _roll_up(folder: Path, tree: str) -> None:
    """Build the tree of the finished run in the log, as users do."""
    (folder / "settings.yaml").write_text(SETTINGS)
    command = [sys.executable, "-m", "otel_persona", "rollup", "generation.log", "--tree", tree]
    done = subprocess.run(
        [*command, "--settings", "settings.yaml"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "program", [ONE_THREAD, FOUR_THREADS, FORKED_WORKERS], ids=["thread", "threads", "workers"]
)
def test_the_tree_is_that_of_the_log(
    start: Callable[..., Any], tree: Any, tmp_path: Path, program: str
) -> None:
    """Retries, failures, symbols, several stages and checkpoints in between change nothing.

    The program ends without a word to us: the end of a process writes what is left. Rolled up in
    the very tree that was written live, the log takes the place of all workers' parts.
    """
    child = start(GENERATE + program)
    assert child.wait() == 0, child.errors
    assert child.errors == ""

    _roll_up(tmp_path, "from the log")

    live, from_log = tree.files(), type(tree)(tmp_path / "from the log")
    assert len(tree.cohorts()) == 3 + 3
    assert len(live) == 6 * 5 + 2 * 3
    assert live == from_log.files()
    assert _parquet_files(tree.root) == _parquet_files(from_log.root)
    _roll_up(tmp_path, "REPRODUCIBILITY")
    assert tree.files() == live
    assert tree.parts() == []


def _parquet_files(root: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.parquet")}
    assert found
    return found
