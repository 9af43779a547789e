"""A thread kept for the end of the process, when none can be started: so it is on Python 3.12."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from otel_persona.concurrency import forks

_Call = Callable[[], None]


class SpareThread:
    """Runs calls one after another, once it was asked to be kept."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call] | None = None
        forks.in_child(self._renew)

    def keep(self) -> None:
        """Start the thread, unless that was done."""
        if self._calls is None:
            self._start()

    def take(self, call: _Call) -> bool:
        """Take a call, and return at once; ``False`` if no thread is kept."""
        if self._calls is None:
            return False
        self._calls.put(call)
        return True

    def _start(self) -> None:
        calls: SimpleQueue[_Call] = SimpleQueue()
        self._calls = calls
        threading.Thread(
            target=_run_all, args=(calls,), name="otel-persona-spare", daemon=True
        ).start()

    def _renew(self) -> None:
        """Start another in a forked child: this one is the parent's."""
        if self._calls is not None:
            self._start()


def _run_all(calls: SimpleQueue[_Call]) -> None:
    while True:
        calls.get()()


spare_thread = SpareThread()
