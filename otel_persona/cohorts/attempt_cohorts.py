"""Attempts folded into the cohorts that they belong to: the same live and from a log.

All attempts of a stage and a target are its CROSS_SECTIONAL cohort; those with a symbol are a
SYMBOL_SPECIFIC one as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from otel_persona.cohorts.tree import Cohort, CohortTree
from otel_persona.errors import CohortError, UsageError
from otel_persona.facts import CohortKey, CohortState
from otel_persona.records import AttemptRecord
from otel_persona.settings import Settings

OnRefused = Callable[[str, int], object]


class Subject(NamedTuple):
    """What an attempt is about, from which its cohorts follow."""

    run_id: str
    stage: str
    target: str
    symbol: str | None

    def cohort_keys(self) -> list[CohortKey]:
        """Return the keys of its cohorts; raises ``UsageError`` if a name is empty."""
        keys = [CohortKey(self.stage, "CROSS_SECTIONAL", self.target)]
        if self.symbol is not None:
            keys.append(CohortKey(self.stage, "SYMBOL_SPECIFIC", self.target, self.symbol))
        return keys


def named_in(record: AttemptRecord) -> tuple[str | None, ...]:
    """Return what stands in a record of its subject, which follows from it."""
    return (record.run_id, record.stage, record.target, record.symbol, record.tier)


class SubjectStates:
    """What is kept of the attempts of each subject; each attempt is folded once.

    The target is the attempt's own, else that of the settings, else the tier; the symbol is the
    attempt's own, else that of the settings, else none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.states: dict[Subject, CohortState] = {}
        # The same, by what stands in the records.
        self._by_record: dict[tuple[str | None, ...], CohortState] = {}

    def add(self, record: AttemptRecord) -> None:
        """Fold in an attempt; raises ``RecordError`` if a score or its time is not valid."""
        named = named_in(record)
        state = self._by_record.get(named)
        if state is None:
            state = self.states.setdefault(self._subject_of(record), CohortState())
            self._by_record[named] = state
        state.add(record)

    def _subject_of(self, record: AttemptRecord) -> Subject:
        settings = self._settings
        tier = record.tier or settings.tier_of(record.run_id)
        return Subject(
            record.run_id,
            record.stage,
            record.target or settings.target or tier,
            record.symbol or settings.symbol or None,
        )


class CohortStates:
    """What is kept of each cohort of each run, in a tree.

    ``on_refused`` is called with a sentence and a number of attempts: those that are missing in a
    cohort, since no path can hold its name. They stay in the other one, if that has a place.
    """

    def __init__(self, tree: CohortTree, on_refused: OnRefused) -> None:
        self._tree = tree
        self._on_refused = on_refused
        self._cohorts: dict[Subject, tuple[list[Cohort], str]] = {}
        self.states: dict[Cohort, CohortState] = {}

    def take_in(self, folded: SubjectStates) -> set[Cohort]:
        """Fold in what was folded by subject, and return the cohorts that it belongs to."""
        changed = set()
        for subject, state in folded.states.items():
            cohorts, refusal = self._cohorts.get(subject) or self._look_up(subject)
            if refusal:
                self._on_refused(refusal, state.attempts)
            for cohort in cohorts:
                self.states.setdefault(cohort, CohortState()).merge(state)
                changed.add(cohort)
        return changed

    def _look_up(self, subject: Subject) -> tuple[list[Cohort], str]:
        cohorts, refusal = [], ""
        try:
            for key in subject.cohort_keys():
                try:
                    cohorts.append(self._tree.cohort(key, subject.run_id))
                except CohortError as error:
                    refusal = refusal or str(error)
        except UsageError as error:
            refusal = str(error)
        found = self._cohorts[subject] = (cohorts, refusal)
        return found
