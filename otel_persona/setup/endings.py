"""The ends of processes: a shutdown runs at each, also at that of a multiprocessing worker.

A worker ends without ``atexit``. ``multiprocessing`` has finalizers of its own instead; a fork
clears them, so they are registered again in each worker.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable

_AFTER_ALL_OTHERS = -1_000


class Endings:
    """Calls ``shutdown`` when this process ends, and ``end_worker`` when it was a worker."""

    def __init__(self, shutdown: Callable[[], object], *, end_worker: Callable[[], object]) -> None:
        self._shutdown = shutdown
        self._end_worker = end_worker
        self._covers_workers = False
        os.register_at_fork(before=self._cover_workers)

    def cover(self) -> None:
        """Cover the end of this process: ``shutdown`` runs before what is registered already.

        The providers that we have joined are still open then.
        """
        atexit.unregister(self._shutdown)
        atexit.register(self._shutdown)
        self._cover_workers()

    def _cover_workers(self) -> None:
        """Cover this process's workers, and this process if it is one, once there may be any."""
        if "multiprocessing.util" in sys.modules and not self._covers_workers:
            from multiprocessing import parent_process, util

            self._covers_workers = True
            util.register_after_fork(self, Endings._cover_this_worker)
            if parent_process() is not None:
                self._cover_this_worker()

    def _cover_this_worker(self) -> None:
        from multiprocessing.util import Finalize

        Finalize(None, self._end_worker, exitpriority=_AFTER_ALL_OTHERS)
