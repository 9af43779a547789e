"""Finds a key's earlier runs without reading the tree: an SQLite file beside the stages.

It is only a cache, and its failures are ``index_file``'s. It is made anew when it is missing or
damaged, and a key's part of it when the key's folder is not as it was left: somebody has copied
cohorts in, removed some, or restored a backup. Whoever uses a row compares it with its files. No
fork cuts a step of SQLite in two: its locks would stay in the child as they were.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple, TypeVar

from otel_persona.cohorts.atomic_files import make_folder
from otel_persona.cohorts.audit import is_valid
from otel_persona.cohorts.index_file import IndexFile
from otel_persona.cohorts.metadata import read_metadata
from otel_persona.cohorts.tree import Cohort, CohortTree
from otel_persona.concurrency import forks
from otel_persona.errors import CohortError
from otel_persona.facts import CohortKey

_Result = TypeVar("_Result")

MOST_ROWS = 32
"""How many runs are looked for at once: as many as baselines and a trend usually take."""

_COLUMNS = "folder, run_id, ended_at, complete, valid"
_EARLIER = f"""
SELECT {_COLUMNS} FROM cohorts INDEXED BY {{by}}
WHERE key = :key AND complete = 1 AND (ended_at, run_id) < (:ended_at, :run_id)
AND run_id != :own_run_id {{condition}}
ORDER BY ended_at DESC, run_id DESC LIMIT {MOST_ROWS}
"""  # noqa: S608 - names of columns, not data
_ANY = _EARLIER.format(by="ends", condition="")
_VALID = _EARLIER.format(by="valid_ends", condition="AND valid = 1")
_MARKED = _EARLIER.format(
    by="run_ids", condition="AND run_id IN (SELECT value FROM json_each(:marked))"
)
_UNREAD = f"SELECT {_COLUMNS} FROM cohorts WHERE key = ? AND ended_at = ''"  # noqa: S608 - as above


class Row(NamedTuple):
    """What is known of one cohort; with no ``ended_at`` it could not be read, or is being made."""

    folder: str
    run_id: str
    ended_at: str = ""
    complete: bool = False
    valid: bool = False


class Moment(NamedTuple):
    """Where a run stands among all runs: by its own end, then by its id."""

    ended_at: str
    run_id: str


class KeyIndex:
    """The index of one key's cohorts, up to date with the key's folder.

    Only the holder of that folder's lock may have one.
    """

    def __init__(self, tree: CohortTree, key: CohortKey) -> None:
        self._tree = tree
        self._key = key
        self._folder = tree.folder(key)
        self._file = IndexFile(tree)
        try:
            self._do(self._catch_up)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; the index is of no more use."""
        self._file.close()

    def newest_before(
        self, moment: Moment, own_run_id: str, good: Collection[str] | None = None
    ) -> list[Row]:
        """Return the newest complete runs before ``moment`` that are not ``own_run_id``, so many.

        With ``good``, the ids of the runs that were marked good, take only these and valid ones.
        """
        values = {"key": str(self._key), "own_run_id": own_run_id, **moment._asdict()}
        if good is None:
            return self._do(lambda: self._rows(_ANY, values))
        valid = self._do(lambda: self._rows(_VALID, values))
        values["marked"] = json.dumps(sorted(good))
        marked = self._do(lambda: self._rows(_MARKED, values))
        newest_first = sorted({*valid, *marked}, key=_moment_of, reverse=True)
        return newest_first[:MOST_ROWS]  # further down, one of the two may have left some out

    def cohort(self, row: Row) -> Cohort:
        """Return the place of a row's cohort."""
        return Cohort(self._key, row.run_id, self._folder / row.folder)

    def is_right(self, row: Row, cohort: Cohort, *, with_audit: bool) -> bool:
        """Compare a row with its files; if it is wrong, the index knows better afterwards."""
        with contextlib.suppress(CohortError):
            found = read_metadata(cohort)
            told = (row.ended_at, row.complete)
            if (found.ended_at, found.complete) == told and not (with_audit and row.valid):
                return True
        return self.refresh(row) == row

    def refresh(self, row: Row) -> Row:
        """Read again from its files what a row says of its cohort, and keep that."""
        fresh = self._read(self._folder / row.folder) or Row(row.folder, row.run_id)
        if fresh != row:
            self._do(lambda: self._put([fresh]))
        return fresh

    def announce(self, cohort: Cohort) -> None:
        """Make the folder of a cohort that is about to be written.

        Until ``refresh`` is called with the row that this leaves, everybody reads its files.
        """
        make_folder(cohort.folder)
        stamp = _stamp(self._folder)  # what others change from now on is noticed
        self._do(lambda: self._put([Row(cohort.folder.name, cohort.run_id)], stamp))

    def _catch_up(self) -> None:
        key = str(self._key)
        if self._file.is_in_memory:
            os.utime(self._folder)  # whoever uses the file next looks here, and finds this save
        stamp = _stamp(self._folder)
        with forks.undivided():
            known = self._file.connection.execute("SELECT stamp FROM folders WHERE key = ?", (key,))
            is_known = known.fetchall() == [(stamp,)]
            unread = self._file.connection.execute(_UNREAD, (key,)).fetchall()
        if is_known:
            for row in unread:
                self.refresh(Row(*row))
            return
        rows = [row for row in map(self._read, self._tree.folders(self._folder)) if row is not None]
        with forks.undivided(), self._file.connection:
            self._file.connection.execute("DELETE FROM cohorts WHERE key = ?", (key,))
        self._put(rows, stamp)

    def _put(self, rows: list[Row], stamp: str | None = None) -> None:
        key = str(self._key)
        with forks.undivided(), self._file.connection:
            self._file.connection.executemany(
                "INSERT OR REPLACE INTO cohorts VALUES (?, ?, ?, ?, ?, ?)",
                [(key, *row) for row in rows],
            )
            if stamp is not None:
                self._file.connection.execute(
                    "INSERT OR REPLACE INTO folders VALUES (?, ?)", (key, stamp)
                )

    def _read(self, folder: Path) -> Row | None:
        cohort = self._tree.cohort_in(folder, self._key)
        return None if cohort is None else _row_of(self._tree, cohort)

    def _rows(self, query: str, values: dict[str, str]) -> list[Row]:
        with forks.undivided():
            found = self._file.connection.execute(query, values).fetchall()
        return [
            Row(folder, run_id, ended_at, bool(complete), bool(valid))
            for folder, run_id, ended_at, complete, valid in found
        ]

    def _do(self, step: Callable[[], _Result]) -> _Result:
        """Take a step; if the file fails, take it again with what is used instead."""
        try:
            return step()
        except sqlite3.Error as failure:
            self._file.replace(failure)
        self._do(self._catch_up)
        return self._do(step)


def _moment_of(row: Row) -> Moment:
    return Moment(row.ended_at, row.run_id)


def _row_of(tree: CohortTree, cohort: Cohort) -> Row:
    """Read what the index keeps of a cohort; what is damaged is named."""
    row = Row(cohort.folder.name, cohort.run_id)
    if not cohort.exists():
        return row
    try:
        metadata = read_metadata(cohort)
        row = row._replace(ended_at=metadata.ended_at, complete=metadata.complete)
        return row._replace(valid=row.complete and is_valid(cohort))
    except CohortError as error:
        tree.skip(cohort.folder, str(error))
        return row


def _stamp(folder: Path) -> str:
    """Tell whether entries came or went since: within one tick of the clock by their number.

    Not every file system counts them, and a restored backup may bring its time of change along.
    """
    status = folder.stat()
    return f"{status.st_ino}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_nlink}"
