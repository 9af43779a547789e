"""Which workers of running programs write into a tree, and for which runs.

Each holds a lock on a dot-file of its own at the tree's root, which names its runs, one a line. The
lock ends with the worker, however that ends. Where locks are off, nothing is known of workers.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from otel_persona.cohorts.atomic_files import make_folder
from otel_persona.cohorts.json_files import read_if_there
from otel_persona.cohorts.locks import cannot_be_written, let_go, remove_if_free, take
from otel_persona.cohorts.tree import CohortTree

_WORKER = ".worker-"


class LivingWorker:
    """The dot-file of one worker, whose name must be one of its own and can be in a path."""

    def __init__(self, root: Path, worker: str) -> None:
        self._path = root / f"{_WORKER}{worker}"
        self._lock: int | None = None
        self._run_ids: set[str] = set()

    def writes(self, run_id: str, tree: CohortTree) -> None:
        """Tell that this worker is about to write of a run; raises ``CohortError`` if it cannot."""
        if run_id in self._run_ids or not tree.settings.lock:
            return
        try:
            if self._lock is None:
                make_folder(tree.root)
                self._lock = take(self._path, tree.settings.lock_timeout_s)
            os.write(self._lock, msgspec.json.encode(run_id) + b"\n")
        except OSError as error:
            raise cannot_be_written(tree.root, error) from error
        self._run_ids.add(run_id)

    def is_done(self) -> None:
        """Tell that all is written; another call of ``writes`` may follow."""
        if self._lock is not None:
            with contextlib.suppress(OSError):  # what is left of dead workers harms nobody
                self._path.unlink(missing_ok=True)
            let_go(self._lock)
        self._lock = None
        self._run_ids.clear()


def living_workers(tree: CohortTree) -> dict[str, list[str]]:
    """Return the workers that are alive, by the runs that they write.

    Removes what dead workers have left. Raises ``CohortError`` if the tree cannot be read.
    """
    alive: defaultdict[str, list[str]] = defaultdict(list)
    if not tree.settings.lock:
        return alive
    try:
        for path in sorted(tree.root.glob(f"{_WORKER}*")):
            for run_id in () if remove_if_free(path) else _run_ids_in(path):
                alive[run_id].append(path.name.removeprefix(_WORKER))
    except OSError as error:
        raise cannot_be_written(tree.root, error) from error
    return alive


def _run_ids_in(path: Path) -> Iterable[str]:
    for line in (read_if_there(path) or b"").splitlines():
        with contextlib.suppress(
            msgspec.DecodeError, UnicodeDecodeError
        ):  # it is just being written
            yield msgspec.json.decode(line, type=str)
