"""Lets one writer at a time into a folder of the tree, be it a thread or a process.

The lock is an advisory one of the operating system (``flock``) on a dot-file: it ends with its
holder, however that ends. Network file systems may not have it: turn ``lock`` off there, and give
each worker a tree of its own.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from otel_persona.cohorts.atomic_files import make_folder
from otel_persona.errors import CohortError
from otel_persona.settings import SidecarSettings

LOCK_FILE = ".lock"
_descriptors: set[int] = set()
_LOOK_AGAIN_S = 0.01
_IS_HELD = {errno.EAGAIN, errno.EACCES}


@contextlib.contextmanager
def folder_lock(folder: Path, settings: SidecarSettings) -> Iterator[Path]:
    """Hold the lock of ``folder``, which is made if need be, for a block that writes there.

    Gives the folder. Raises ``CohortError`` if it was not free within ``lock_timeout_s``, there are
    no locks there, or the disk refuses something, also within the block. With ``lock`` off it holds
    nothing.
    """
    try:
        make_folder(folder)
        with _held(folder / LOCK_FILE, settings) if settings.lock else contextlib.nullcontext():
            yield folder
    except OSError as error:
        raise cannot_be_written(folder, error) from error


@contextlib.contextmanager
def _held(path: Path, settings: SidecarSettings) -> Iterator[None]:
    descriptor = take(path, settings.lock_timeout_s)
    try:
        yield
    finally:
        let_go(descriptor)


def let_go(descriptor: int) -> None:
    """Let go of a lock that ``take`` gave; in a forked child there is none any more."""
    if descriptor in _descriptors:
        # Said, not left to closing: a child that is being forked holds the file open too.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        _close(descriptor)


def _close(descriptor: int) -> None:
    if descriptor in _descriptors:
        _descriptors.remove(descriptor)
        os.close(descriptor)


def _close_all() -> None:
    while _descriptors:
        os.close(_descriptors.pop())


# The locks are the parent's: a child that had them open would hold them after the parent's end.
os.register_at_fork(after_in_child=_close_all)


def remove_if_free(path: Path) -> bool:
    """Remove a file, unless somebody holds the lock on it: then ``False``; raises ``OSError``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # others may do so at the same time
        path.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in _IS_HELD:
            return False
        raise
    finally:
        os.close(descriptor)
    return True


def cannot_be_written(folder: Path, error: OSError) -> CohortError:
    """Make the error that says what the disk refused in ``folder``."""
    path = error.filename2 or error.filename
    cause = f"{error.strerror}: {path}" if path else f"{error.strerror}"
    return CohortError(f"{folder}: cannot be written: {cause}")


def take(path: Path, timeout_s: float) -> int:
    """Take the lock on a file, which is made if need be; give what ``let_go`` lets go of.

    Raises ``CohortError`` if it was not free in time or there are no locks there, and ``OSError``.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        _descriptors.add(descriptor)
        try:
            if _is_taken(path, descriptor):
                return descriptor
        except BaseException:
            _close(descriptor)
            raise
        _close(descriptor)
        if time.monotonic() >= deadline:
            raise CohortError(
                f"{path}: another writer holds this lock, and did not let go within {timeout_s:g} s"
            )
        time.sleep(_LOOK_AGAIN_S)  # flock waits for good, or not at all


def _is_taken(path: Path, descriptor: int) -> bool:
    """Try to take the lock; one whose file was removed meanwhile keeps nobody out."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _IS_HELD:
            return False
        raise CohortError(
            f"{path}: cannot be locked ({error.strerror}); turn safety.telemetry.lock off, "
            "and give each worker a tree of its own"
        ) from None
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False
