"""Counts what did not arrive at the collector, and tells it once."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from opentelemetry.metrics import Meter

from otel_persona.concurrency import forks
from otel_persona.instruments import Labels, OncePerProvider, observe
from otel_persona.semconv import EXPORT_LOST

Signal = Literal["traces", "metrics", "logs"]
Reason = Literal["export_failed", "queue_full"]

_log = logging.getLogger("otel_persona.delivery")

_FAILURES: Mapping[Signal, str] = {
    "traces": "spans are lost on the way to",
    "metrics": "metrics do not get to",
    "logs": "events are lost on the way to",
}


class Losses:
    """Counts by signal and reason.

    Each signal's first failure is logged, unless it belongs to an outage that was told already:
    one that another signal ran into, with nothing delivered since.
    """

    def __init__(self) -> None:
        self._told: set[Signal] = set()
        self._is_outage_told = False
        self._start_at_zero()
        forks.in_child(self._start_at_zero)

    def count(self, signal: Signal, reason: Reason, lost: int) -> None:
        """Count what is lost.

        That may be nothing: metrics are cumulative, so the next delivery brings what this did not.
        """
        if lost:
            with self._lock:
                self._counts[signal, reason] += lost

    def tell(self, signal: Signal, why: str) -> None:
        """Tell that something of this signal is lost, if that is news; ``why`` says where, what."""
        with self._lock:
            is_news = signal not in self._told and not self._is_outage_told
            self._is_outage_told = True
            if is_news:
                self._told.add(signal)
        if is_news:
            _log.warning(
                "%s %s (told once, counted always in %s)",
                _FAILURES[signal],
                why,
                EXPORT_LOST.name,
            )

    def tell_unfinished(self, timeout_s: float) -> None:
        """Tell that a shutdown ends before all is sent, unless it is an outage told already."""
        if not self._is_outage_told:
            _log.warning(
                "the shutdown was not over within %g s: what was still to be sent is lost",
                timeout_s,
            )

    def note_delivery(self) -> None:
        """Note that something has arrived."""
        self._is_outage_told = False

    def counts(self) -> Mapping[Labels, int]:
        """Return the counts so far, by signal and reason."""
        with self._lock:
            return dict(self._counts)

    def _start_at_zero(self) -> None:
        """Reset the counts, as a forked child must: its parent reports the earlier ones."""
        # A generator collected while the lock is held may end its attempt in this thread.
        self._lock = threading.RLock()
        self._counts: Counter[Labels] = Counter()


losses = Losses()
"""The losses of this process."""


class _LossCounter:
    def __init__(self, meter: Meter) -> None:
        self._kept = (meter, observe(meter, EXPORT_LOST, losses.counts))


loss_counter: OncePerProvider[_LossCounter] = OncePerProvider(_LossCounter)
