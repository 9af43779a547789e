"""Writes the sidecars of the cohorts that attempts belong to, while the run goes on."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_persona.cohorts.attempt_cohorts import SubjectStates, named_in
from otel_persona.cohorts.git_commit import git_commit
from otel_persona.cohorts.parquet_table import load
from otel_persona.concurrency import forks
from otel_persona.concurrency.interruptions import pass_on
from otel_persona.concurrency.serial_queue import SerialQueue, waits_for_this_thread
from otel_persona.errors import RecordError, UsageError
from otel_persona.exporters.checkpoint_pace import CheckpointPace
from otel_persona.exporters.cohort_parts import CohortParts
from otel_persona.exporters.work_thread import WorkThread
from otel_persona.facts import Fingerprints, settings_hash
from otel_persona.mismatches import find_mismatch
from otel_persona.records import AttemptRecord, tallies
from otel_persona.records.spans import record_of
from otel_persona.settings import Settings, TreePath, given_or_loaded

# Folding in rows costs less than waking the thread for each attempt.
_ROW = 64
# While the thread writes, an attempt that makes the row this long folds it.
_LONGEST_ROW = 256
_LOOK_AGAIN_S = 0.05
_TIMEOUT_S = 30.0
_LONGEST_HOLD_S = 1.0
# Whoever waits for the end, as long as that, hears in time that it failed, and can repeat it.
_SHARE_OF_DEADLINE = 0.9


class _Arrival(NamedTuple):
    record: AttemptRecord
    is_of_new_cohort: bool


class CohortExporter(SpanExporter):
    """Writes, for the attempts among the spans, the cohorts' sidecars below the folder ``tree``.

    Put it behind ``AttemptSpanProcessor``. Attempts are folded and written in a thread beside, so
    that none of them waits for the disk. It writes after the first attempt of a cohort, after
    ``checkpoint_attempts`` attempts or ``checkpoint_s`` seconds, for at most a tenth of the time: a
    process that is killed leaves its last checkpoint, with ``complete: false``. Each process, and
    each exporter in it, has a part of its own in each cohort, so that workers of one run may share
    a tree.

    ``settings`` say how sidecars are written and compared, and what attempts are about that do not
    say it; ``None`` means the settings file and the environment, as for ``configure``. With
    ``safety.telemetry.enabled: false`` nothing is written, and no thread is started.

    If the tree cannot be written, that is logged once, counted in ``persona.faults`` and tried
    again at the next checkpoint; until then all is kept. Attempts whose stage, target, symbol or
    run cannot be the name of a folder are counted in ``persona.records.rejected``.

    Raises ``SettingsError`` with every problem in the settings, and ``UsageError`` if another
    argument is wrong.
    """

    def __init__(self, tree: str | os.PathLike[str], *, settings: Settings | None = None) -> None:
        self._root = _checked(tree).absolute()  # the program may change its working directory
        self._settings = given_or_loaded(settings, "CohortExporter")
        self._how = self._settings.safety.telemetry
        self._prints = Fingerprints(
            git_commit=git_commit(), settings_hash=settings_hash(self._settings)
        )
        self._is_closed = False
        self._start_anew()
        forks.around(self._hold, self._let_go)
        forks.in_child(self._start_anew)

    def _start_anew(self) -> None:
        self._arrived: SerialQueue[_Arrival | None] = SerialQueue(self._fold)
        self._known: set[tuple[str | None, ...]] = set()
        self._folded = SubjectStates(self._settings)
        self._handed_over: deque[SubjectStates] = deque()
        self._parts = CohortParts(self._root, self._settings, self._prints)
        self._thread = WorkThread(self._turn)
        self._lock = threading.Lock()
        self._holder: int | None = None
        self._pace = CheckpointPace(self._how)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take in the attempts among ``spans``; ``FAILURE`` if one makes no valid record."""
        result = SpanExportResult.SUCCESS
        if not self._how.enabled:
            return result
        for span in spans:
            try:
                record = record_of(span)
            except RecordError as error:
                _reject(error)
                result = SpanExportResult.FAILURE
            else:
                if record is not None:
                    self._take(record)
        return result

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Write a checkpoint now; ``False`` if that fails or takes too long."""
        return self._write(timeout_millis / 1000)

    def shutdown(self) -> None:
        """Write all cohorts as complete, and the rollups of the runs.

        An attempt that ends later is still written.
        """
        self.finish(_TIMEOUT_S)

    def finish(self, timeout_s: float) -> bool:
        """Do as ``shutdown``; ``False`` if that fails or takes too long. It may be repeated.

        What is not written then is told once, and its cohorts are counted in ``persona.faults``.
        """
        self._is_closed = True
        self._parts.end()
        is_written = self._write(timeout_s * _SHARE_OF_DEADLINE)
        if not is_written:
            self._parts.tell_unwritten()
        return is_written

    def _take(self, record: AttemptRecord) -> None:
        named = named_in(record)
        is_new = named not in self._known
        if is_new:
            self._known.add(named)
        waiting = self._arrived.put(_Arrival(record, is_new))
        if waiting >= _LONGEST_ROW:
            self._arrived.work()
        elif is_new or waiting % _ROW == 0 or waiting == self._pace.attempts_to_go():
            self._thread.wake()
        if self._is_closed and not threading.main_thread().is_alive():
            self.finish(_TIMEOUT_S)  # the program is ending, and no thread will outlast this call
        else:
            self._thread.ask()

    def _fold(self, arrival: _Arrival | None) -> None:
        """Fold one attempt; ``None`` hands over what has been folded until then."""
        if arrival is None:
            self._handed_over.append(self._folded)
            self._folded = SubjectStates(self._settings)
            self._pace.begin()
            return
        try:
            self._folded.add(arrival.record)
        except RecordError as error:
            _reject(error)
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.faults.add("sidecars", f"an attempt is not in the sidecars: {fault!r}")
        else:
            self._pace.add_attempt(time.monotonic(), of_new_cohort=arrival.is_of_new_cohort)

    def _turn(self) -> float | None:
        """Fold what has arrived, and write if it is time; return how long to wait for more."""
        self._arrived.work()
        due = self._pace.due()
        if self._arrived:
            return _LOOK_AGAIN_S  # somebody else folds
        if due is None:
            return None
        wait = due - time.monotonic()
        if wait > 0:
            return wait
        self._write(math.inf)
        return 0.0

    def _hold(self) -> None:
        """Let no fork come while a cohort is being written, unless that takes long."""
        if self._holder != threading.get_ident():
            self._parts.hold(_LONGEST_HOLD_S)

    def _let_go(self) -> None:
        self._parts.let_go()

    def _write(self, timeout_s: float) -> bool:
        """Write what has changed; ``False`` if that fails or takes too long.

        Does not wait for what this thread itself interrupted, nor for a thread waiting for it.
        """
        if self._holder == threading.get_ident() or waits_for_this_thread(self._holder):
            return False
        started = time.monotonic()
        deadline = started + timeout_s
        if not self._lock.acquire(timeout=min(timeout_s, threading.TIMEOUT_MAX)):
            return False
        try:
            self._holder = threading.get_ident()
            load()
            started = time.monotonic()  # loading happens once, and shall not put off the next one
            is_written = self._hand_over(deadline) and self._write_parts(deadline)
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.faults.add("sidecars", f"a checkpoint failed: {fault!r}")
            is_written = False
        finally:
            self._holder = None
            self._lock.release()
        self._pace.end(started, time.monotonic(), is_written=is_written)
        if not is_written:
            self._thread.ask()
        return is_written

    def _hand_over(self, deadline: float) -> bool:
        """Have all that has arrived folded, and give it to the parts; ``False`` if not in time."""
        self._arrived.put(None)
        if not self._arrived.finish(deadline - time.monotonic()):
            return False
        while self._handed_over:
            self._parts.take_in(self._handed_over.popleft())
        return True

    def _write_parts(self, deadline: float) -> bool:
        write = self._parts.write_complete if self._is_closed else self._parts.write
        return write(deadline)


def _checked(tree: object) -> Path:
    path = os.fspath(tree) if isinstance(tree, os.PathLike) else tree
    if (mismatch := find_mismatch(path, TreePath)) is not None:
        raise UsageError(f"CohortExporter: tree must be {mismatch.right}, not {tree!r}")
    return Path(cast(str, path))


def _reject(error: RecordError) -> None:
    tallies.rejected.add("sidecars", f"an attempt is not in the sidecars: {error.reason}")
