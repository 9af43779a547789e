"""Counts what happened to records: how many were lost, rejected or kept with a warning, and why.

``faults`` are failures of telemetry itself that cost no record.

Telemetry may fail, but never silently: everything is counted here, and the first occurrence of
each reason is logged to the logger ``otel_persona``. The counts are exported as metrics.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter

_log = logging.getLogger("otel_persona")


_TOLD = 100


class ReasonTally:
    """Counts by reason; logs the first occurrence of each reason, and of each cause within it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._counts: Counter[str] = Counter()
        self._told: set[tuple[str, str]] = set()
        # A generator collected while the lock is held may count in this thread.
        self._lock = threading.RLock()

    def add(self, reason: str, detail: str, count: int = 1, *, once_per: str = "") -> None:
        """Add ``count`` to ``reason``; ``detail`` is the sentence logged the first time.

        ``once_per`` separates causes that are counted under one reason but logged separately. They
        may come from the data, so after a hundred of them only new reasons are logged.
        """
        with self._lock:
            is_new = reason not in self._counts or len(self._told) < _TOLD
            first = is_new and (reason, once_per) not in self._told
            self._counts[reason] += count
            if first:
                self._told.add((reason, once_per))
        if first:
            _log.warning("%s: %s (told once for each reason, counted always)", self._what, detail)

    def counts(self) -> dict[str, int]:
        """Return the count of each reason so far."""
        with self._lock:
            return dict(self._counts)

    def reset(self) -> None:
        """Start over, as a forked child must: its parent reports the earlier counts."""
        self._lock = threading.RLock()
        self._counts = Counter()
        self._told = set()


lost = ReasonTally("attempt record lost")
rejected = ReasonTally("value rejected")
warned = ReasonTally("kept as it is")
faults = ReasonTally("telemetry failed, no record with it")

for _tally in (lost, rejected, warned, faults):
    os.register_at_fork(after_in_child=_tally.reset)
