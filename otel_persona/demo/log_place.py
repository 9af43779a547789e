"""Where the demo's log goes; only the log of an earlier demo is ever replaced."""

from __future__ import annotations

import os
from pathlib import Path

from otel_persona.errors import RecordError, UsageError
from otel_persona.records import decode_line

LOG_NAME = "generation.log"
RUN_ID_START = "demo_"


def check_place(log: Path) -> None:
    """Check the place for a log, whose folder need not exist.

    Raises ``UsageError`` if anything but an earlier demo's log is already there.
    """
    folder = log.parent
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is not a folder; choose another with --out")
        if log.exists() and not _is_of_a_demo(log):
            raise UsageError(
                f"{log} is not the log of an earlier demo, so it stays as it is; choose another "
                "folder with --out"
            )
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error


def clear_place(log: Path) -> None:
    """Create the folder and remove an earlier log.

    Raises ``UsageError`` if the folder cannot be created or written.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    if not os.access(log.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{log.parent} cannot be written; choose another folder with --out")


def _is_of_a_demo(log: Path) -> bool:
    if not log.is_file():
        return False
    with log.open("rb") as lines:
        try:
            return decode_line(lines.readline()).run_id.startswith(RUN_ID_START)
        except RecordError:
            return False
