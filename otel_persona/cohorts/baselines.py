"""Which earlier runs a run is compared with.

Earlier is decided by the runs' own ends and then their ids, never by the time of a file. A run is
never its own baseline, also when it is written twice, and an incomplete one is nobody's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from otel_persona.cohorts.good_runs import good_runs
from otel_persona.cohorts.index import KeyIndex, Moment
from otel_persona.cohorts.tree import Cohort, CohortTree
from otel_persona.facts import Facts
from otel_persona.settings import Baselines

BaselineName = Literal["previous_run", "rolling_window_k", "last_good_run"]

_NO_RUN = "no complete run of this key ended earlier"
_NO_GOOD_RUN = "no complete run of this key that ended earlier is marked good or has a valid audit"


class Baseline(NamedTuple):
    """The runs of one baseline, oldest first; with none, ``reason`` says why."""

    runs: tuple[Facts, ...]
    reason: str = ""


class EarlierRun(NamedTuple):
    """A complete run's cohort, and when the run ended."""

    cohort: Cohort
    ended_at: str


class EarlierRuns:
    """The runs before one of a key's cohorts, newest first."""

    def __init__(self, tree: CohortTree, index: KeyIndex, moment: Moment) -> None:
        self._tree = tree
        self._index = index
        self._moment = moment
        self._known: dict[Path, Facts | None] = {}  # the newest run is often the last good one

    def runs(self, good: Collection[str] | None = None) -> Iterator[EarlierRun]:
        """Yield complete runs; with ``good``, those of these ids and valid ones only."""
        at = self._moment
        while rows := self._index.newest_before(at, self._moment.run_id, good):
            for row in rows:
                cohort = self._index.cohort(row)
                if not self._index.is_right(row, cohort, with_audit=good is not None):
                    break  # somebody has changed its files, and now the index knows
                at = Moment(row.ended_at, row.run_id)
                yield EarlierRun(cohort, row.ended_at)

    def facts(self, good: Collection[str] | None = None) -> Iterator[Facts]:
        """Yield the facts of complete runs, as ``runs`` does; damaged ones are passed over."""
        for run in self.runs(good):
            folder = run.cohort.folder
            if folder not in self._known:
                self._known[folder] = self._tree.facts(run.cohort)
            facts = self._known[folder]
            if facts is not None and facts.complete:
                yield facts


def baselines_of(
    tree: CohortTree, earlier: EarlierRuns, settings: Baselines
) -> dict[BaselineName, Baseline]:
    """Choose the baselines that are switched on, from what was saved before."""
    chosen: dict[BaselineName, Baseline] = {}
    wanted = max(settings.rolling_window_k, int(settings.previous_run))
    newest = list(islice(earlier.facts(), wanted))
    if settings.previous_run:
        chosen["previous_run"] = _baseline(newest[:1], _NO_RUN)
    if settings.rolling_window_k:
        chosen["rolling_window_k"] = _baseline(newest[: settings.rolling_window_k], _NO_RUN)
    if settings.last_good_run:
        good = earlier.facts(good_runs(tree))
        chosen["last_good_run"] = _baseline(list(islice(good, 1)), _NO_GOOD_RUN)
    return chosen


def _baseline(newest_first: list[Facts], reason: str) -> Baseline:
    return Baseline(tuple(reversed(newest_first)), "" if newest_first else reason)
