"""What saving one cohort costs after 10, 100, 1,000 and 10,000 earlier runs of its key.

Each save writes a new run with all three baselines and the trend, under a lock: one of 20 flat
figures, then one of 1,000 attempts with their counts, ten of which are read and merged for its
baselines. The fsyncs are timed apart: they are the disk's, and the goal is at most 10 ms beside
them, whatever the number of earlier runs. Neighbours lengthen the rest, and the CPU time less.
Earlier runs are copies of one saved cohort under other names, so the first save after they were
copied in reads them all; it is printed too.

python benchmarks/cohort_save.py [--saves N] [--dir FOLDER]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from otel_persona.cohorts import CohortTree, write_cohort_telemetry
from otel_persona.facts import CohortKey, CohortState, Facts, cohort_figures
from otel_persona.records import AttemptRecord, format_timestamp
from otel_persona.settings import Settings

KEY = CohortKey("B", "CROSS_SECTIONAL", "personas")
EARLIER = (10, 100, 1_000, 10_000)
ATTEMPTS = 1_000
START_US = 1_769_870_000_000_000
HOUR_US = 3_600_000_000
MOVES = ("situational_hook", "preference_statement", "micro_story", "contrast", "value")
VALIDATORS = ("pollyanna", "trait_leak", "opening_variation", "anchor_specificity")

TEMPLATE_RUN = b"run_000000"
TEMPLATE_END = format_timestamp(START_US + (ATTEMPTS - 1) * 1_000_000).encode()


class Save(NamedTuple):
    """What one save took, and where it went."""

    folder: Path
    total_ms: float
    cpu_ms: float
    fsync_ms: float
    fsyncs: int


class Fsyncs:
    """Times every fsync while it is in place."""

    def __init__(self) -> None:
        self._fsync = os.fsync
        self.seconds = 0.0
        self.count = 0
        os.fsync = self._timed  # type: ignore[assignment]  # it takes a descriptor, as all do here

    def _timed(self, descriptor: int) -> None:
        start = time.perf_counter()
        self._fsync(descriptor)
        self.seconds += time.perf_counter() - start
        self.count += 1


def flat_run(number: int) -> Facts:
    """Make the facts of a run with figures and no attempts, an hour after the last."""
    drawn = random.Random(number)  # noqa: S311 - nothing secret
    return Facts(
        key=KEY,
        run_id=f"run_{number:06d}",
        ended_at=format_timestamp(START_US + number * HOUR_US + (ATTEMPTS - 1) * 1_000_000),
        figures={f"figure_{index}": drawn.gauss(0.7, 0.01) for index in range(20)},
    )


def run_of_attempts(number: int) -> Facts:
    """Make the facts of a run of attempts that are all alike in kind, an hour after the last."""
    drawn = random.Random(number)  # noqa: S311 - nothing secret
    state = CohortState()
    for index in range(ATTEMPTS):
        state.add(
            AttemptRecord(
                ts=format_timestamp(START_US + number * HOUR_US + index * 1_000_000),
                run_id=f"run_{number:06d}",
                persona_id=f"{number}-{index}",
                stage="B",
                attempt=1,
                status="success" if drawn.random() < 0.95 else "fail",
                latency_ms=round(drawn.lognormvariate(7, 0.5)),
                prompt_tokens=drawn.randint(400, 500),
                completion_tokens=drawn.randint(200, 400),
                repairs=["trait_leak"] if drawn.random() < 0.1 else [],
                validator_scores={name: round(drawn.random(), 2) for name in VALIDATORS},
                opening_move=drawn.choice(MOVES),
                constraint_categories=["budget"],
                anchors_used=[f"anchor {drawn.randrange(119)}", f"anchor {drawn.randrange(119)}"],
                error=None,
            )
        )
    return Facts(
        key=KEY,
        run_id=f"run_{number:06d}",
        ended_at=state.end,
        figures=dict(cohort_figures(state, Settings().prices)),
        state=state,
    )


def copy_in(template: Path, tree: CohortTree, run_number: int) -> None:
    """Copy a saved cohort under another name, an hour earlier for each step back in number."""
    run_id = f"run_{run_number:06d}"
    ended_at = format_timestamp(START_US + run_number * HOUR_US + (ATTEMPTS - 1) * 1_000_000)
    folder = tree.cohort(KEY, run_id).folder
    folder.mkdir()
    for path in template.iterdir():
        content = path.read_bytes()
        if path.suffix == ".json":
            content = content.replace(TEMPLATE_RUN, run_id.encode())
            content = content.replace(TEMPLATE_END, ended_at.encode())
        (folder / path.name).write_bytes(content)


def main() -> None:
    """Print one row for each kind of run and number of earlier runs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--saves", type=int, default=30, help="saves for each row")
    parser.add_argument("--dir", type=Path, help="where the trees are made")
    options = parser.parse_args()
    fsyncs = Fsyncs()
    print(f"Python {sys.version.split()[0]}; medians over {options.saves} saves, in ms\n")
    print("| run | earlier runs | first save | a save | its fsyncs | the rest (quartiles) | CPU |")
    print("|---|---|---|---|---|---|---|")
    for kind, make in {"20 figures": flat_run, "1,000 attempts": run_of_attempts}.items():
        for earlier in EARLIER:
            with tempfile.TemporaryDirectory(dir=options.dir) as folder:
                print(f"| {kind} | {earlier:,} | ", end="")
                print_row(
                    Path(folder),
                    earlier,
                    [make(0), *map(make, range(earlier, earlier + options.saves + 1))],
                    fsyncs,
                )


def print_row(folder: Path, earlier: int, runs: list[Facts], fsyncs: Fsyncs) -> None:
    """Print the medians over saves of all runs but the first two, after so many earlier ones."""
    tree = CohortTree(folder / "REPRODUCIBILITY")
    template = folder / "template"
    shutil.copytree(timed_save(tree, runs[0], fsyncs).folder, template)
    for number in range(1, earlier):
        copy_in(template, tree, number)
    first = timed_save(tree, runs[1], fsyncs)
    saves = [timed_save(tree, facts, fsyncs) for facts in runs[2:]]
    rest = [save.total_ms - save.fsync_ms for save in saves]
    low, middle, high = statistics.quantiles(rest, n=4)
    print(
        f"{first.total_ms:.0f} | {statistics.median(save.total_ms for save in saves):.1f} | "
        f"{statistics.median(save.fsync_ms for save in saves):.1f} ({saves[0].fsyncs}) | "
        f"{middle:.1f} ({low:.1f}–{high:.1f}) | "
        f"{statistics.median(save.cpu_ms for save in saves):.1f} |",
        flush=True,
    )


def timed_save(tree: CohortTree, facts: Facts, fsyncs: Fsyncs) -> Save:
    """Save a cohort, and time it."""
    fsyncs.seconds, fsyncs.count = 0.0, 0
    start, cpu_start = time.perf_counter(), time.process_time()
    cohort = write_cohort_telemetry(tree, facts, Settings())
    total, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    if cohort is None:
        raise SystemExit("the settings have sidecars switched off")
    return Save(cohort.folder, total * 1_000, cpu * 1_000, fsyncs.seconds * 1_000, fsyncs.count)


if __name__ == "__main__":
    main()
