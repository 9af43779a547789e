"""Items handled one after the other, by whoever brings them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_waits: ContextVar[int | None] = ContextVar("waits", default=None)


def work_for(thread: int) -> None:
    """Note that this thread works for another one, by its ident, which waits meanwhile."""
    _waits.set(thread)


class InTurn(Generic[_Item]):
    """Handles items one at a time, in the order in which they came.

    Whoever works handles all that wait, unless somebody is at it already, who then takes these
    along: another thread, or this very one, which a collected generator or a signal has
    interrupted. So nobody waits for a lock, and no item can hang on itself.
    """

    def __init__(self, handle_one: Callable[[_Item], None]) -> None:
        self._handle_one = handle_one
        self._waiting: deque[_Item] = deque()
        self._busy = threading.Lock()
        self._worker: int | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, item: _Item) -> None:
        """Let ``item`` wait for its turn."""
        self._waiting.append(item)

    def work(self) -> None:
        """Handle what waits."""
        # Asked anew after each release: somebody may have seen the lock and gone.
        while self._waiting and self._busy.acquire(blocking=False):
            try:
                self._worker = threading.get_ident()
                while self._waiting:
                    self._handle_one(self._waiting.popleft())
            finally:
                self._worker = None
                self._busy.release()

    def finish(self, timeout_s: float) -> bool:
        """Handle what waits, and wait for another thread that is at it; ``False`` where it goes on.

        Where this thread itself is at it, further out, or the one that waits for this thread,
        there is nothing to wait for.
        """
        self.work()
        if self._worker is not None and self._worker in (threading.get_ident(), _waits.get()):
            return False
        if not self._busy.acquire(timeout=timeout_s):
            return False
        self._busy.release()
        return True
