"""Flushing and shutting down within a deadline, however long the SDK's own calls take."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from otel_persona.concurrency.serial_queue import on_behalf_of
from otel_persona.concurrency.spare_thread import spare_thread
from otel_persona.delivery import losses

_log = logging.getLogger("otel_persona")

Step = Callable[[float], object]
"""One step of a flush or shutdown; takes the seconds left, returns ``False`` if it failed."""


class Handle:
    """What ``configure`` returns: flushes and shuts down what it set up."""

    def __init__(self, flush: Sequence[Step], close: Sequence[Step]) -> None:
        self._flush = flush
        self._close = list(close)
        self._lock = threading.RLock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether ``shutdown`` was called."""
        return self._closed

    def force_flush(self, timeout_s: float = 30.0) -> bool:
        """Send and write what is waiting; ``False`` if that failed or took longer."""
        return run_within(timeout_s, self._flush) == []

    def shutdown(self, timeout_s: float = 10.0) -> bool:
        """Flush, close open batches and files, and stop.

        Local files come first, so that no deadline costs a line. Returns ``False`` if it took
        longer, if lines of the log could not be written or something could not be sent (these are
        lost), or if a callback or signal handler made the call in the middle of work to be
        finished; another call, or the program's exit, then does what is left. Otherwise a second
        call does nothing.
        """
        with self._lock:
            self._closed = True
            steps, self._close = self._close, []
        refused = run_within(timeout_s, steps)
        if refused is None:
            losses.tell_unfinished(timeout_s)
        self._close += refused or []
        return refused == []

    def retire(self) -> bool:
        """Leave the shutdown to the caller; ``False`` if it was already done or left to one."""
        with self._lock:
            was_open, self._closed = not self._closed, True
            self._close = []
        return was_open


def run_within(timeout_s: float, steps: Sequence[Step]) -> list[Step] | None:
    """Run the steps in a thread of their own, and wait at most ``timeout_s`` for them.

    Returns those that failed, or ``None`` if it took longer: the SDK's ``force_flush`` and
    ``shutdown`` may wait for a dead collector past any timeout they are given. The thread is a
    daemon, so anything that still hangs ends with the process.
    """
    deadline = time.monotonic() + timeout_s
    caller = threading.get_ident()
    failed: list[Step] = []
    over = threading.Event()

    def run() -> None:
        on_behalf_of(caller)
        try:
            failed.extend(step for step in steps if not _is_done(step, deadline))
        finally:
            over.set()

    try:
        threading.Thread(target=run, name="otel-persona-flush", daemon=True).start()
    except RuntimeError:  # the interpreter is ending, or the machine is full
        if not spare_thread.take(run):
            run()
    return failed if over.wait(timeout_s) else None


def _is_done(step: Step, deadline: float) -> bool:
    """Take a step; ``False`` if it fails."""
    try:
        return step(max(0.0, deadline - time.monotonic())) is not False
    except Exception as fault:  # noqa: BLE001 - the other steps still have to run
        _log.warning("flushing failed: %r", fault)
        return False
