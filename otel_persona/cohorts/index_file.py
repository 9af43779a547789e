"""The SQLite file of the index: its tables, and making it anew when it is damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

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
_BROKEN = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_broken(error: sqlite3.DatabaseError) -> bool:
    """Return whether the file itself is at fault, and not, say, a full disk."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN


def connected(
    tree: CohortTree, instead_of: sqlite3.DatabaseError | None = None
) -> sqlite3.Connection:
    """Open the index of a tree; make it anew if it is damaged, as in ``instead_of``.

    With ``lock`` off it is in memory, and empty: SQLite, too, needs locks. Raises ``CohortError``
    if it cannot be opened.
    """
    path = tree.root / INDEX_FILE
    timeout_s = tree.settings.lock_timeout_s
    try:
        if not tree.settings.lock:
            return _opened(":memory:", timeout_s)
        if instead_of is None:
            try:
                return _opened(path, timeout_s)
            except sqlite3.DatabaseError as error:
                if not is_broken(error):
                    raise
                instead_of = error
        tree.skip(path, f"the index is made anew: {instead_of}")
        return _anew(tree, path)
    except sqlite3.Error as error:
        raise CohortError(f"{path}: the index cannot be opened: {error}") from error


def _anew(tree: CohortTree, path: Path) -> sqlite3.Connection:
    # Alone: removing what somebody else has just made would pair its journal with another file.
    with folder_lock(tree.root, tree.settings):
        if not _is_whole(path, tree.settings.lock_timeout_s):
            for end in ("", "-journal"):
                path.with_name(path.name + end).unlink(missing_ok=True)
        return _opened(path, tree.settings.lock_timeout_s)


def _is_whole(path: Path, timeout_s: float) -> bool:
    """Tell whether somebody else has made it anew meanwhile."""
    try:
        with closing(_opened(path, timeout_s)) as connection:
            with forks.undivided():
                found = connection.execute("PRAGMA quick_check(1)").fetchall()
            return found == [("ok",)]
    except sqlite3.DatabaseError as error:
        if not is_broken(error):
            raise
        return False


def _opened(path: str | Path, timeout_s: float) -> sqlite3.Connection:
    with forks.undivided():
        return _connection(path, timeout_s)


def _connection(path: str | Path, timeout_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level="IMMEDIATE")
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
