"""The cohorts of finished runs, from their logs: folded and saved as while a run goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from otel_persona.analysis.log_reader import LogReader
from otel_persona.analysis.run_attempts import no_attempts
from otel_persona.analysis.run_drift import CohortChanges, drift_of_run
from otel_persona.analysis.sidecar_files import read_drift
from otel_persona.cohorts import (
    Cohort,
    CohortStates,
    CohortTree,
    SubjectStates,
    generate_telemetry_rollups,
    write_cohort_telemetry,
)
from otel_persona.cohorts.attempt_cohorts import OnRefused
from otel_persona.cohorts.attempt_facts import facts_of_attempts
from otel_persona.cohorts.metadata import attempts_in
from otel_persona.cohorts.workers import living_workers
from otel_persona.errors import RecordError, UsageError
from otel_persona.facts import CohortState, Fingerprints, settings_hash
from otel_persona.nearest import nearest
from otel_persona.settings import Settings


class FinishedRun(NamedTuple):
    """One run: its number of attempts, and its cohorts with what is kept of each."""

    run_id: str
    ended_at: str
    attempts: int
    cohorts: dict[Cohort, CohortState]


class SavedRun(NamedTuple):
    """A run that was saved: whether there was a baseline, and what changed.

    ``changed`` is in how many cohorts something did, ``worst`` the worst of it, if anything did.
    """

    run: FinishedRun
    compared: bool
    changed: int
    worst: CohortChanges | None


def runs_in_logs(
    reader: LogReader, settings: Settings, *, run_id: str | None = None
) -> SubjectStates:
    """Read and fold all attempts, or those of one run.

    An attempt that cannot be folded is reported as skipped. Raises ``LogReadError`` if there is no
    attempt, ``UsageError`` if there is none of ``run_id``, and what reading raises.
    """
    folded = SubjectStates(settings)
    others: set[str] = set()
    for record in reader:
        if run_id not in (None, record.run_id):
            others.add(record.run_id)
            continue
        try:
            folded.add(record)
        except RecordError as error:
            reader.refuse(error.reason)
    if not folded.states:
        if run_id is None or not others:
            raise no_attempts(reader)
        raise UsageError(f"there is no attempt of the run {run_id!r}{nearest(run_id, others)}")
    return folded


def finished_runs(
    folded: SubjectStates, tree: CohortTree, on_refused: OnRefused
) -> list[FinishedRun]:
    """Return the runs of folded attempts in the order of their ends.

    Saved in this order, each finds those before it as baselines. ``on_refused`` is called as
    ``CohortStates`` says.
    """
    cohorts = CohortStates(tree, on_refused)
    cohorts.take_in(folded)
    attempts: defaultdict[str, int] = defaultdict(int)
    ends: defaultdict[str, str] = defaultdict(str)
    for subject, state in folded.states.items():
        attempts[subject.run_id] += state.attempts
        ends[subject.run_id] = max(ends[subject.run_id], state.end)
    states: defaultdict[str, dict[Cohort, CohortState]] = defaultdict(dict)
    for cohort, state in sorted(cohorts.states.items(), key=lambda item: str(item[0].key)):
        states[cohort.run_id][cohort] = state
    return [
        FinishedRun(run_id, ended_at, attempts[run_id], states[run_id])
        for ended_at, run_id in sorted((ended_at, run_id) for run_id, ended_at in ends.items())
    ]


def savable_runs(
    tree: CohortTree, runs: Sequence[FinishedRun], on_left: OnRefused
) -> list[FinishedRun]:
    """Return the runs that can take the place of what the tree has of them, with such cohorts.

    A run that a running worker still writes cannot: the worker would count its attempts once more.
    Neither can a cohort with fewer attempts than are there: the logs are not all of its run's.
    ``on_left`` is called with a sentence and a number of attempts for each that is left out. Raises
    ``CohortError`` if the tree cannot be read.
    """
    alive = living_workers(tree)
    savable = []
    for run in runs:
        if run.run_id in alive:
            on_left(_still_written(run, alive[run.run_id]), run.attempts)
            continue
        cohorts = {}
        for cohort, state in run.cohorts.items():
            there = attempts_in(cohort)
            if there > state.attempts:
                on_left(_fewer(cohort, there), state.attempts)
            else:
                cohorts[cohort] = state
        if cohorts or not run.cohorts:
            savable.append(run._replace(cohorts=cohorts))
    return savable


def _still_written(run: FinishedRun, workers: Sequence[str]) -> str:
    return (
        f"the run {run.run_id!r} goes on, and is written by the worker {', '.join(workers)}: "
        "roll it up when it has ended"
    )


def _fewer(cohort: Cohort, there: int) -> str:
    return (
        f"{cohort.folder} has {there:,}: give all logs of the run {cohort.run_id!r} at once, "
        "or remove that folder"
    )


def save_runs(
    tree: CohortTree, runs: Sequence[FinishedRun], settings: Settings
) -> Iterator[Cohort]:
    """Save all cohorts of the runs, yielding each once it is saved, and then the rollups.

    A cohort is saved as a whole, in the place of what its run's workers may have left of it. The
    rollups of a stage are those of the newest of these runs that has it. Raises ``CohortError`` as
    ``write_cohort_telemetry`` does.
    """
    prints = Fingerprints(settings_hash=settings_hash(settings))
    for run in runs:
        for cohort, state in run.cohorts.items():
            facts = facts_of_attempts(cohort, state, settings.prices, prints, complete=True)
            write_cohort_telemetry(tree, facts, settings)
            yield cohort
    newest = {cohort.key.stage: run.run_id for run in runs for cohort in run.cohorts}
    for stage, run_id in sorted(newest.items()):
        generate_telemetry_rollups(tree, stage, run_id, settings.prices)


def what_changed(run: FinishedRun) -> SavedRun:
    """Read back what a run that was saved differs in from its baselines."""
    if not run.cohorts:
        return SavedRun(run, compared=False, changed=0, worst=None)
    drift = drift_of_run([read_drift(cohort) for cohort in run.cohorts])
    changes = drift.by_cohort
    return SavedRun(
        run,
        compared=bool(drift.figures),
        changed=len(changes),
        worst=changes[0] if changes else None,
    )
