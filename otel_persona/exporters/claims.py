"""Whose line a span is, where several exporters of one process write to one file.

A program may name the log twice, such as by ``OTEL_PERSONA_LOG`` and ``OTEL_TRACES_EXPORTER``. The
exporters then see the same span in different threads, at different times, and some processors pass
on copies of it: a span is known by its ids.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import lru_cache
from weakref import WeakSet

from opentelemetry.sdk.trace import ReadableSpan

# Thirty times the queue of the SDK's batch processor: a span is still known when it comes again.
_MOST_KNOWN = 65_536

_writers: WeakSet[object] = WeakSet()
_claimed: OrderedDict[tuple[str, int, int], object] = OrderedDict()


def join(writer: object) -> None:
    """Add an exporter, for as long as it lives: one that is shut down may still write."""
    _writers.add(writer)


def are_needed() -> bool:
    """Return whether more than one exporter may write."""
    return len(_writers) > 1


def claim(path: str, span: ReadableSpan) -> bool:
    """Claim the line of ``span`` in the file ``path``; ``False`` if it was claimed before."""
    if span.context is None:
        return True
    # One step, without a lock: exporters may be interrupted anywhere, and so may a fork.
    mine = object()
    key = (_real_path(path), span.context.trace_id, span.context.span_id)
    is_first = _claimed.setdefault(key, mine) is mine
    if len(_claimed) > _MOST_KNOWN:
        _claimed.popitem(last=False)
    return is_first


@lru_cache(maxsize=64)
def _real_path(path: str) -> str:
    """Return the same for every way to write a path."""
    try:
        return os.path.realpath(path)
    except ValueError:  # invalid on every system; whoever writes to it says so
        return path
