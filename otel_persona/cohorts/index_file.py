"""The SQLite file of the index: its tables, and what is used instead when it fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from otel_persona.cohorts.locks import folder_lock
from otel_persona.cohorts.tree import CohortTree
from otel_persona.concurrency import forks
from otel_persona.errors import CohortError

INDEX_FILE = ".index.sqlite3"

_VERSION = 1
_TABLES = """
CREATE TABLE cohorts (
    key TEXT, folder TEXT, run_id TEXT, ended_at TEXT, complete INTEGER, valid INTEGER,
    PRIMARY KEY (key, folder)
) WITHOUT ROWID;
CREATE INDEX ends ON cohorts (key, complete, ended_at, run_id);
CREATE INDEX valid_ends ON cohorts (key, complete, valid, ended_at, run_id);
CREATE INDEX run_ids ON cohorts (key, run_id);
CREATE TABLE folders (key TEXT PRIMARY KEY, stamp TEXT) WITHOUT ROWID;
"""
_FILES = [INDEX_FILE, *(f"{INDEX_FILE}-{end}" for end in ("journal", "wal", "shm"))]
_IN_MEMORY = ":memory:"
# Going without the index costs less than waiting for it any longer.
_MOST_WAIT_S = 1.0


class IndexFile:
    """A connection to the index of a tree, which costs nobody a save, whatever is wrong with it.

    When the file fails it is made anew, once; when that fails too, or others do not let go of the
    file, the index is in memory and empty from then on. Each is told through ``tree.skip``. With
    ``lock`` off it is in memory from the start: SQLite, too, needs locks.
    """

    def __init__(self, tree: CohortTree) -> None:
        self._tree = tree
        self._path = tree.root / INDEX_FILE
        self._wait_s = min(_MOST_WAIT_S, tree.settings.lock_timeout_s)
        self._ways: list[Callable[[], sqlite3.Connection]] = [self._as_it_is, self._anew]
        if not tree.settings.lock:
            self._ways = []
        self.is_in_memory = False
        self.connection = self._opened()

    def close(self) -> None:
        """Close the connection, for good."""
        with forks.undivided():
            self.connection.close()

    def replace(self, failure: sqlite3.Error) -> None:
        """Open another after a failure; raises the failure if it is none of a file."""
        if self.is_in_memory:
            raise failure
        self.close()
        self._tell(failure)
        self.connection = self._opened()

    def _opened(self) -> sqlite3.Connection:
        while self._ways:
            try:
                return self._ways.pop(0)()
            except (sqlite3.Error, CohortError) as failure:
                self._tell(failure)
        self.is_in_memory = True
        return _connected(_IN_MEMORY, self._wait_s)

    def _tell(self, failure: Exception) -> None:
        if _is_busy(failure):
            self._ways.clear()  # nothing is wrong with it
        what_now = "is made anew" if self._ways else "is not used for this save"
        self._tree.skip(self._path, f"the index {what_now}: {failure}")

    def _as_it_is(self) -> sqlite3.Connection:
        return _connected(self._path, self._wait_s)

    def _anew(self) -> sqlite3.Connection:
        # Alone: removing what somebody else has just made would pair its journal with another file.
        settings = msgspec.structs.replace(self._tree.settings, lock_timeout_s=self._wait_s)
        with folder_lock(self._tree.root, settings):
            if not self._is_whole():
                for name in _FILES:
                    self._path.with_name(name).unlink(missing_ok=True)
            return self._as_it_is()

    def _is_whole(self) -> bool:
        """Tell whether somebody else has made it anew meanwhile."""
        try:
            with forks.undivided(), closing(self._as_it_is()) as connection:
                found = connection.execute("PRAGMA quick_check(1)").fetchall()
                return found == [("ok",)] and _schema(connection) == _right_schema()
        except sqlite3.Error as failure:
            if _is_busy(failure):
                raise
            return False


def _is_busy(failure: Exception) -> bool:
    return getattr(failure, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _connected(path: str | Path, wait_s: float) -> sqlite3.Connection:
    with forks.undivided():
        connection = sqlite3.connect(path, timeout=wait_s, isolation_level="IMMEDIATE")
        try:
            connection.execute("PRAGMA synchronous = OFF")  # a cache need not survive a power cut
            if _version(connection) != _VERSION:
                _make_tables(connection)
            return connection
        except BaseException:
            connection.close()
            raise


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if _version(connection) == _VERSION:
            return  # somebody else was faster
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _right_schema() -> list[tuple[str, str]]:
    with closing(_connected(_IN_MEMORY, 0)) as connection:
        return _schema(connection)


def _schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
