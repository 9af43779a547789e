"""Who writes the line of a span, where several exporters of one process write to one file.

A program may name the log twice, such as by ``OTEL_PERSONA_LOG`` and ``OTEL_TRACES_EXPORTER``. The
exporters then see the same span in different threads, at different times, and some processors pass
on copies of it: a span is known by its ids.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from weakref import ref

from opentelemetry.sdk.trace import ReadableSpan

# Thirty times the queue of the SDK's batch processor: a span is still known when it comes again.
_MOST_KNOWN = 65_536
_LONGEST_WAIT_S = 1.0
_LOOK_AGAIN_S = 0.0005


class _Claim:
    """One exporter's claim to a line; ``is_over`` when it was written."""

    __slots__ = ("is_over",)

    def __init__(self) -> None:
        self.is_over = False


_writers: set[ref[object]] = set()
_claims: OrderedDict[tuple[str, int, int], _Claim] = OrderedDict()


def join(writer: object) -> None:
    """Add an exporter, for as long as it lives: one that is shut down may still write."""
    _writers.add(ref(writer, _writers.discard))


def are_needed() -> bool:
    """Return whether more than one exporter may write."""
    return len(_writers) > 1


def write_once(path: str, span: ReadableSpan, write: Callable[[ReadableSpan], bool]) -> bool:
    """Call ``write(span)``, unless another exporter has written the span to the file ``path``.

    If it is just doing so, wait: an attempt's line must be there when its call returns.
    """
    if span.context is None:
        return write(span)
    key = (_real_path(path), span.context.trace_id, span.context.span_id)
    mine = _Claim()
    # One step, without a lock: an exporter may be interrupted anywhere, as by a fork.
    claim = _claims.setdefault(key, mine)
    if claim is not mine:
        _wait_for(claim)
        return True
    try:
        return write(span)
    finally:
        mine.is_over = True
        if len(_claims) > _MOST_KNOWN:
            _claims.popitem(last=False)


def _wait_for(claim: _Claim) -> None:
    deadline = time.monotonic() + _LONGEST_WAIT_S
    while not claim.is_over and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_S)  # a lock could be left held by a fork or an interruption


@lru_cache(maxsize=64)
def _real_path(path: str) -> str:
    """Return the same for every way to write a path."""
    try:
        return os.path.realpath(path)
    except ValueError:  # invalid on every system; whoever writes to it says so
        return path
