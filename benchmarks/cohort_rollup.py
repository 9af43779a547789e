"""What a rollup of a view costs, for 100, 1,000 and 10,000 cohorts.

python benchmarks/cohort_rollup.py [--attempts N] [--decimals N] [--cohorts N …]
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from otel_persona.cohorts.naming import METADATA
from otel_persona.cohorts.rollups import generate_view_rollup
from otel_persona.cohorts.tree import CohortTree
from otel_persona.facts import (
    CohortKey,
    CohortState,
    Facts,
    cohort_figures,
    encode_facts,
    json_text,
)
from otel_persona.records import AttemptRecord, format_timestamp
from otel_persona.settings import Prices

RUN = "250K_20260131_143200"
WRITTEN = "2026-01-31T20:00:00.000Z"
SYMBOLS = 10
DIFFERENT_STATES = 40
ANCHORS = [f"piața no. {number}" for number in range(119)]
MOVES = ("situational_hook", "preference_statement", "micro_story", "contrast", "value", "sensory")
CONSTRAINTS = ("budget", "time_pressure", "health_nuisance", "family_duty", "commute_burden")
VALIDATORS = ("trait_leak", "opening_variation", "pollyanna", "anchor_specificity")


def make_state(number: int, attempts: int, decimals: int) -> CohortState:
    """Fold attempts with everything that a record can hold."""
    draw = random.Random(number)  # noqa: S311  # the same attempts each time, not a secret
    state = CohortState()
    start_us = 1_769_869_921_000_000
    for index in range(attempts):
        status = "success" if draw.random() < 0.97 else "fail"
        state.add(
            AttemptRecord(
                ts=format_timestamp(start_us + index * 1_500_000),
                run_id=RUN,
                persona_id=f"{number}-{index}",
                stage="B",
                attempt=1,
                status=status,
                latency_ms=round(draw.lognormvariate(7.3, 0.4)),
                prompt_tokens=max(1, round(draw.gauss(450, 40))),
                completion_tokens=max(1, round(draw.gauss(320, 60))),
                repairs=["trait_leak"] if draw.random() < 0.08 else [],
                validator_scores={name: round(draw.random(), decimals) for name in VALIDATORS},
                opening_move=draw.choice(MOVES),
                constraint_categories=draw.sample(CONSTRAINTS, 2),
                anchors_used=draw.sample(ANCHORS, 2),
                error=None if status == "success" else "TimeoutError: no answer",
                model="llama2-70b",
            )
        )
    return state


def write_cohorts(tree: CohortTree, states: list[CohortState], cohorts: int) -> int:
    """Write what a rollup reads of so many cohorts, and return how many bytes that is."""
    size = 0
    for key, state in zip(keys(cohorts), itertools.cycle(states), strict=False):
        facts = Facts(
            key=key,
            run_id=RUN,
            ended_at=WRITTEN,
            figures=dict(cohort_figures(state, Prices())),
            state=state,
        )
        folder = tree.cohort(key, RUN).folder
        folder.mkdir(parents=True)
        content = json_text(encode_facts(facts, WRITTEN))
        (folder / f"{tree.names.facts}.json").write_bytes(content)
        (folder / METADATA).write_bytes(b"{}")
        size += len(content)
    return size


def keys(cohorts: int) -> Iterator[CohortKey]:
    """Name the cohorts: targets with ten symbols each."""
    for number in range(cohorts):
        target, symbol = divmod(number, SYMBOLS)
        yield CohortKey("B", "SYMBOL_SPECIFIC", f"target_{target}", f"symbol_{symbol}")


def measure(states: list[CohortState], cohorts: int) -> tuple[float, float, int]:
    """Roll up a tree of so many cohorts; give the seconds, those of CPU time, and the bytes."""
    with tempfile.TemporaryDirectory() as folder:
        tree = CohortTree(Path(folder) / "REPRODUCIBILITY")
        size = write_cohorts(tree, states, cohorts)
        start, start_cpu = time.perf_counter(), time.process_time()
        rollup = generate_view_rollup(tree, "B", "SYMBOL_SPECIFIC", RUN, Prices())
        seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    assert len(rollup.cohorts) == cohorts  # noqa: S101  # a rollup of less would be no measurement
    return seconds, cpu, size


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--attempts", type=int, default=1_000, help="attempts in each cohort")
    parser.add_argument("--decimals", type=int, default=2, help="decimals of the scores")
    parser.add_argument("--cohorts", type=int, nargs="+", default=[100, 1_000, 10_000])
    options = parser.parse_args()
    states = [
        make_state(number, options.attempts, options.decimals) for number in range(DIFFERENT_STATES)
    ]
    measure(states, 10)  # imports pyarrow
    print(
        f"Python {sys.version.split()[0]}; {options.attempts} attempts in each cohort, "
        f"scores of {options.decimals} decimals\n"
    )
    print("| cohorts | seconds | CPU seconds | CPU ms for one | MB of facts |")
    print("|---|---|---|---|---|")
    for cohorts in options.cohorts:
        seconds, cpu, size = measure(states, cohorts)
        print(
            f"| {cohorts:,} | {seconds:.2f} | {cpu:.2f} | {cpu / cohorts * 1e3:.2f} "
            f"| {size / 1e6:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
