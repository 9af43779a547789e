"""Calls a method a second later, in a thread of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

_DELAY_S = 1.0


class Later:
    """Calls a method a second after ``ask``; that call also serves any ``ask`` in between.

    The method's object owns this one, and is referenced weakly unless a call is scheduled.
    """

    def __init__(self, method: Callable[[], Any]) -> None:
        self._method = WeakMethod(method)
        self._timer: threading.Timer | None = None

    def ask(self) -> None:
        """Schedule the call for a second from now, unless one is scheduled."""
        if self._timer is not None:
            return
        timer = threading.Timer(_DELAY_S, self._run, [self._method()])
        timer.daemon = True
        # If no thread can be started, the program is ending, or a later call will ask again.
        with contextlib.suppress(RuntimeError):
            timer.start()
            self._timer = timer

    def forget(self) -> None:
        """Forget a scheduled call, as a forked child must: the thread is its parent's."""
        self._timer = None

    def _run(self, method: Callable[[], Any]) -> None:
        self._timer = None
        method()
