"""What one worker knows of the cohorts of its runs, and writing it into their tree."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from otel_persona.cohorts.attempt_cohorts import CohortStates, SubjectStates
from otel_persona.cohorts.attempt_facts import facts_of_attempts
from otel_persona.cohorts.rollups import generate_telemetry_rollups
from otel_persona.cohorts.sidecars import write_cohort_telemetry
from otel_persona.cohorts.tree import Cohort, CohortTree, Damaged
from otel_persona.cohorts.workers import LivingWorker
from otel_persona.concurrency.interruptions import pass_on
from otel_persona.facts import Fingerprints
from otel_persona.records import tallies
from otel_persona.settings import Settings

_log = logging.getLogger("otel_persona")
_Place = TypeVar("_Place")
_LET_IN_S = 0.001
_MOST_NAMED = 3


class CohortParts:
    """One worker's part of each cohort; what could not be written stays, to be written later."""

    def __init__(self, root: Path, settings: Settings, prints: Fingerprints) -> None:
        self._root = root
        self._settings = settings
        self._prints = prints
        # Processes of several machines may have the same id.
        self._worker = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._living = LivingWorker(root, self._worker)
        self._cohorts = CohortStates(self._tree(), _reject)
        self._unwritten: set[Cohort] = set()
        self._not_rolled_up: set[tuple[str, str]] = set()
        self._is_ending = False
        self._is_complete = False
        self._is_failing = False
        self._writing = threading.Lock()
        self._held_by: int | None = None
        self._fork_waits = False

    def take_in(self, folded: SubjectStates) -> None:
        """Fold in the attempts that came since the last time."""
        self._unwritten |= self._cohorts.take_in(folded)

    def write(self, deadline: float) -> bool:
        """Write what has changed, as what a run has so far.

        ``deadline`` is one of the monotonic clock. Returns ``False`` if something could not be
        written, or not in time.
        """
        return self._write_all(self._unwritten, lambda at: self._save(at, deadline), deadline)

    def end(self) -> None:
        """Have a checkpoint that is being written give way to the end, which writes all again."""
        self._is_ending = True

    def tell_unwritten(self) -> None:
        """Say what is not written now that the time is up, and count its cohorts."""
        cohorts = list(self._unwritten)
        runs = {at.run_id for at in cohorts} | {run_id for run_id, _ in list(self._not_rolled_up)}
        if not runs:
            return
        named = ", ".join(map(repr, sorted(runs)[:_MOST_NAMED]))
        told = (
            f"not written when the time was up: {len(cohorts):,} of the cohorts, and rollups, of "
            f"{named}{', …' * (len(runs) > _MOST_NAMED)}; call op.shutdown(timeout_s) with more "
            "time, or use `otel-persona rollup` on the log"
        )
        tallies.faults.add("sidecars_unwritten", told, max(1, len(cohorts)))

    def write_complete(self, deadline: float) -> bool:
        """Write all cohorts as complete, and the rollups of their runs; else as ``write``."""
        if not self._is_complete:
            self._is_complete = True
            self._unwritten |= self._cohorts.states.keys()
        self._not_rolled_up |= {(at.run_id, at.key.stage) for at in self._unwritten}
        is_written = self.write(deadline) and self._write_all(
            self._not_rolled_up, lambda at: self._roll_up(*at, deadline), deadline
        )
        if is_written:
            self._living.is_done()
        return is_written

    def hold(self, timeout_s: float) -> None:
        """Begin no further write, as before a fork; wait so long for one that is under way."""
        self._fork_waits = True
        if self._writing.acquire(timeout=timeout_s):
            self._held_by = threading.get_ident()

    def let_go(self) -> None:
        """Go on writing."""
        self._fork_waits = False
        if self._held_by == threading.get_ident():
            self._held_by = None
            self._writing.release()

    def _write_all(
        self, places: set[_Place], write: Callable[[_Place], object], deadline: float
    ) -> bool:
        """Call ``write`` with each of ``places``, and leave there those with which it failed."""
        for place in sorted(places, key=str):
            gives_way = self._is_ending and not self._is_complete
            if gives_way or time.monotonic() >= deadline:
                return False
            if self._fork_waits:
                time.sleep(_LET_IN_S)  # a lock goes to whoever asks first
            try:
                with self._writing:
                    write(place)
            except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
                pass_on(fault)
                self._is_failing = True
                tallies.faults.add("sidecars", f"sidecars are kept to be written later: {fault}")
            else:
                places.discard(place)
        if not places and self._is_failing:
            self._is_failing = False
            _log.warning("the sidecars in %s can be written again", self._root)
        return not places

    def _save(self, cohort: Cohort, deadline: float) -> None:
        facts = facts_of_attempts(
            cohort,
            self._cohorts.states[cohort],
            self._settings.prices,
            self._prints,
            complete=self._is_complete,
        )
        tree = self._tree(deadline)
        self._living.writes(cohort.run_id, tree)
        write_cohort_telemetry(tree, facts, self._settings, worker=self._worker)

    def _roll_up(self, run_id: str, stage: str, deadline: float) -> None:
        generate_telemetry_rollups(self._tree(deadline), stage, run_id, self._settings.prices)

    def _tree(self, deadline: float | None = None) -> CohortTree:
        """Return the tree, whose locks are waited for until the deadline at most."""
        settings = self._settings.safety.telemetry
        if deadline is not None:
            wait = min(settings.lock_timeout_s, max(0.0, deadline - time.monotonic()))
            settings = msgspec.structs.replace(settings, lock_timeout_s=wait)
        return CohortTree(self._root, settings, _tell_damaged)


def _reject(reason: str, attempts: int) -> None:
    tallies.rejected.add("sidecars", f"a cohort has no place: {reason}", attempts, once_per=reason)


def _tell_damaged(damaged: Damaged) -> None:
    told = f"something damaged is passed over: {damaged}"
    tallies.faults.add("sidecars_damaged", told, once_per=str(damaged))
