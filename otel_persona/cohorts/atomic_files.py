"""Writes files so that a reader, or a power cut, finds the old content or the new, never half."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

_UNFINISHED = ".unfinished-"
"""Whatever is called so is of no use once its writer is gone."""


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files of ``folder``, by name; they appear one after the other, in order.

    All are on the disk before the first appears, and the folder is when this returns. Raises
    ``OSError``; what was not replaced by then is as it was.
    """
    unfinished: list[tuple[Path, Path]] = []
    try:
        for name, content in files.items():
            temporary = folder / f"{_UNFINISHED}{secrets.token_hex(8)}"
            unfinished.append((temporary, folder / name))
            _write(temporary, content)
        for temporary, path in unfinished:
            temporary.replace(path)
    except BaseException:
        for temporary, _ in unfinished:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise
    sync_folder(folder)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, on the disk as well; raises ``OSError``."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def remove_all(folder: Path, *names: str) -> None:
    """Remove files of ``folder``, those that there are."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what writers that were killed have left; nobody else may be writing into it."""
    remove_all(folder, *(path.name for path in folder.glob(f"{_UNFINISHED}*")))


def sync_folder(folder: Path) -> None:
    """Force to the disk which files ``folder`` has."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
