"""Something done a second later, in a thread of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

_DELAY_S = 1.0


class Later:
    """Calls a function a second after ``ask``; whoever asks meanwhile is served by that call."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._timer: threading.Timer | None = None

    def ask(self) -> None:
        """Have the function called in a second."""
        if self._timer is not None:
            return
        self._timer = threading.Timer(_DELAY_S, self._run)
        self._timer.daemon = True
        # Where no thread can be had the program ends, or somebody asks again.
        with contextlib.suppress(RuntimeError):
            self._timer.start()
            return
        self._timer = None

    def forget(self) -> None:
        """Take it as not asked, as a forked child must: the thread is its parent's."""
        self._timer = None

    def _run(self) -> None:
        self._timer = None
        self._call()
