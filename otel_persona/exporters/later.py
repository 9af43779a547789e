"""Calls a function a second later, in a thread of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

_DELAY_S = 1.0


class Later:
    """Calls a function a second after ``ask``; that call also serves any ``ask`` in between."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._timer: threading.Timer | None = None

    def ask(self) -> None:
        """Schedule the call for a second from now, unless one is scheduled."""
        if self._timer is not None:
            return
        timer = threading.Timer(_DELAY_S, self._run)
        timer.daemon = True
        # If no thread can be started, the program is ending, or a later call will ask again.
        with contextlib.suppress(RuntimeError):
            timer.start()
            self._timer = timer

    def forget(self) -> None:
        """Forget a scheduled call, as a forked child must: the thread is its parent's."""
        self._timer = None

    def _run(self) -> None:
        self._timer = None
        self._call()
