"""A queue whose items are handled one at a time, by the threads that add them."""

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
_MOST_IN_A_TURN = 1_024
_MANY_WAITING = 4_096
_PAUSE_S = 0.001


def on_behalf_of(thread: int) -> None:
    """Note that this thread works for another, given by its ident, which is waiting for it."""
    _waits.set(thread)


def waits_for_this_thread(thread: int | None) -> bool:
    """Return whether that thread is blocked until this one is done."""
    return thread is not None and thread == _waits.get()


class SerialQueue(Generic[_Item]):
    """Handles items one at a time, in the order in which they arrived.

    A caller of ``work`` handles all waiting items, unless someone else is already doing so and
    will handle these too: another thread, or this one further up the stack, interrupted by a
    signal or a generator's collection. So nobody waits for a lock, and no item deadlocks on itself.
    Turns are bounded, and whoever brings an item while thousands wait pauses for a millisecond.
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
        """Queue ``item``; returns how many are waiting."""
        self._waiting.append(item)
        waiting = len(self._waiting)
        if waiting > _MANY_WAITING and self._owner is not None and not self._is_held_up():
            time.sleep(_PAUSE_S)  # lets the worker catch up; else the queue would fill the memory
        return waiting

    def work(self) -> None:
        """Handle the waiting items, unless someone is already doing so.

        After a long turn the rest is left to whoever brings the next item.
        """
        me = object()
        # Checked again after each turn: another caller may have seen an owner and left.
        while self._waiting and self._owner is None:
            try:
                # Threads and signals switch in at calls, and there is none between these two
                # lines. A lock would stay held if a signal handler raised inside `acquire`.
                if self._owner is None:
                    self._owner = me
                if self._owner is me:
                    self._worker = threading.get_ident()
                    if not self._handle_all():
                        return
            finally:
                if self._owner is me:
                    self._worker = self._owner = None

    def _handle_all(self) -> bool:
        """Handle the waiting items; ``False`` if some are left after a long turn."""
        for _ in range(_MOST_IN_A_TURN):
            if not self._waiting:
                return True
            item = self._waiting.popleft()
            if isinstance(item, threading.Event):
                item.set()
            else:
                self._handle(item)
        return False

    def hold(self, timeout_s: float) -> None:
        """Let nobody work until ``release``, as before a fork; give up after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while self._owner is not self._held and time.monotonic() < deadline:
            if self._owner is None:
                self._owner = self._held
            elif self._is_held_up():
                return
            else:
                time.sleep(_PAUSE_S)  # a fork cannot be told when the worker is done

    def release(self) -> None:
        """Let whoever brings something work again."""
        if self._owner is self._held:
            self._owner = None
        self.work()

    def finish(self, timeout_s: float) -> bool:
        """Handle the waiting items or wait for whoever does; ``False`` if not all are handled.

        If that is this thread itself, further up the stack, or a thread blocked on this one,
        waiting is pointless and does not happen.
        """
        deadline = time.monotonic() + timeout_s
        all_handled = threading.Event()
        self._waiting.append(all_handled)
        self.work()
        while not all_handled.is_set():
            left = deadline - time.monotonic()
            if left <= 0 or self._is_held_up():
                break
            if self._owner is not None:
                all_handled.wait(min(left, _LOOK_AGAIN_S))
            # A long turn, or an exception, may have ended the work: then it is up to this thread.
            self.work()
        return all_handled.is_set()

    def _is_held_up(self) -> bool:
        worker = self._worker
        return worker == threading.get_ident() or waits_for_this_thread(worker)
