"""What is written while a run goes on is what its log gives afterwards, to the last byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_persona.analysis import LogReader
from otel_persona.cohorts.attempt_cohorts import CohortStates, SubjectStates
from otel_persona.cohorts.attempt_facts import facts_of_attempts
from otel_persona.cohorts.rollups import generate_telemetry_rollups
from otel_persona.cohorts.sidecars import write_cohort_telemetry
from otel_persona.cohorts.tree import CohortTree
from otel_persona.facts import Fingerprints, settings_hash
from otel_persona.settings import load_settings

GENERATE = """
import threading

SAFETY = {"telemetry": {"checkpoint_attempts": 50, "checkpoint_s": 0.1}}

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
        run_id="25K_a", log="generation.log", sidecars="REPRODUCIBILITY", safety=SAFETY
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


def _from_log(log: Path, root: Path) -> None:
    """Build the tree of the finished run in the log."""
    arguments = {"safety": {"telemetry": {"checkpoint_attempts": 50, "checkpoint_s": 0.1}}}
    settings = load_settings(arguments, environ={})
    folded = SubjectStates(settings)
    for record in LogReader([str(log)], pytest.fail):
        folded.add(record)
    tree = CohortTree(root)
    cohorts = CohortStates(tree, pytest.fail)
    cohorts.take_in(folded)
    prints = Fingerprints(settings_hash=settings_hash(settings))
    for cohort, state in cohorts.states.items():
        facts = facts_of_attempts(cohort, state, settings.prices, prints, complete=True)
        write_cohort_telemetry(tree, facts, settings)
    for stage in ("B", "validation"):
        generate_telemetry_rollups(tree, stage, "25K_a", settings.prices)


@pytest.mark.parametrize(
    "program", [ONE_THREAD, FOUR_THREADS, FORKED_WORKERS], ids=["thread", "threads", "workers"]
)
def test_the_tree_is_that_of_the_log(
    start: Callable[..., Any], tree: Any, tmp_path: Path, program: str
) -> None:
    """Retries, failures, symbols, several stages and checkpoints in between change nothing.

    The program ends without a word to us: the end of a process writes what is left.
    """
    child = start(GENERATE + program)
    assert child.wait() == 0, child.errors
    assert child.errors == ""

    _from_log(tmp_path / "generation.log", tmp_path / "from the log")

    live = tree.files()
    assert live == type(tree)(tmp_path / "from the log").files()
    assert len(tree.cohorts()) == 3 + 3
    assert len(live) == 6 * 5 + 2 * 3
    parquets = [path for path in tree.root.rglob("*.parquet") if "rollup" in path.name]
    for path in parquets:
        twin = tmp_path / "from the log" / path.relative_to(tree.root)
        assert path.read_bytes() == twin.read_bytes()
    assert parquets
