"""A thread that runs while there is work, and ends when there is none."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from weakref import WeakMethod


class WorkThread:
    """Calls a method again and again, after the pause that it returned, in seconds.

    When it returns ``None``, there is no work, and the thread ends. The method's object owns this
    one, and is referenced weakly unless the thread runs. In a forked child, a new one must be made:
    the thread is the parent's. A signal or a generator's collection may interrupt any call.
    """

    def __init__(self, turn: Callable[[], float | None]) -> None:
        self._turn = WeakMethod(turn)
        self._woken: SimpleQueue[None] = SimpleQueue()
        self._runs = False

    def ask(self) -> None:
        """Have the thread run; if none can be started, the program is ending."""
        if self._runs:
            return
        thread = threading.Thread(
            target=self._run, args=[self._turn()], name="otel-persona-sidecars", daemon=True
        )
        try:
            self._runs = True
            thread.start()
        except RuntimeError:
            self._runs = False

    def wake(self) -> None:
        """End the pause between two calls, or the next one."""
        self._woken.put(None)

    def _run(self, turn: Callable[[], float | None]) -> None:
        while True:
            pause = turn()
            if pause is None:
                self._runs = False
                # Whoever brought work until here saw a thread that runs; whoever does from now on
                # starts another one.
                pause = turn()
                if pause is None or self._runs:
                    return
                self._runs = True
            with contextlib.suppress(Empty):
                self._woken.get(timeout=pause)
