"""Items handled one after the other, by whoever brings them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_waits: ContextVar[int | None] = ContextVar("waits", default=None)
_LOOK_AGAIN_S = 0.1


def on_behalf_of(thread: int) -> None:
    """Note that this thread works for another one, by its ident, which waits meanwhile."""
    _waits.set(thread)


def waits_for_this_thread(thread: int | None) -> bool:
    """Say whether that thread does nothing until this one is done."""
    return thread is not None and thread == _waits.get()


class SerialQueue(Generic[_Item]):
    """Handles items one at a time, in the order in which they came.

    Whoever works handles all that wait, unless somebody is at it already, who then takes these
    along: another thread, or this very one, which a collected generator or a signal has
    interrupted. So nobody waits for a lock, and no item can hang on itself.
    """

    def __init__(self, handle: Callable[[_Item], None]) -> None:
        self._handle = handle
        self._waiting: deque[_Item | threading.Event] = deque()
        self._owner: object = None
        self._held = object()
        self._worker: int | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, item: _Item) -> int:
        """Let ``item`` wait for its turn; gives how many wait."""
        self._waiting.append(item)
        return len(self._waiting)

    def work(self) -> None:
        """Handle what waits."""
        me = object()
        # Asked anew after each turn: somebody may have seen an owner, and gone.
        while self._waiting and self._owner is None:
            try:
                # Threads and signals come between calls, and there is none between these two
                # lines. A lock would stay held where a signal's exception comes out of `acquire`.
                if self._owner is None:
                    self._owner = me
                if self._owner is me:
                    self._worker = threading.get_ident()
                    self._handle_all()
            finally:
                if self._owner is me:
                    self._worker = self._owner = None

    def _handle_all(self) -> None:
        while self._waiting:
            item = self._waiting.popleft()
            if isinstance(item, threading.Event):
                item.set()
            else:
                self._handle(item)

    def hold(self, timeout_s: float) -> None:
        """Let nobody work until ``release``, as before a fork; give up after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while self._owner is not self._held and time.monotonic() < deadline:
            if self._owner is None:
                self._owner = self._held
            elif self._is_held_up():
                return
            else:
                time.sleep(_LOOK_AGAIN_S / 100)

    def release(self) -> None:
        """Let whoever brings something work again."""
        if self._owner is self._held:
            self._owner = None
        self.work()

    def finish(self, timeout_s: float) -> bool:
        """Handle what waits, and wait for another thread that is at it; ``False`` where it goes on.

        Where this thread itself is at it, further out, or the one that waits for this thread,
        there is nothing to wait for.
        """
        deadline = time.monotonic() + timeout_s
        all_handled = threading.Event()
        self._waiting.append(all_handled)
        self.work()
        while not all_handled.is_set():
            left = deadline - time.monotonic()
            if left <= 0 or self._is_held_up():
                break
            # Who was at it may have been stopped by an exception: then it is up to this thread.
            all_handled.wait(min(left, _LOOK_AGAIN_S))
            self.work()
        return all_handled.is_set()

    def _is_held_up(self) -> bool:
        worker = self._worker
        return worker == threading.get_ident() or waits_for_this_thread(worker)
