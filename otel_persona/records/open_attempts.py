"""Attempts whose span is open, by span id: where the live API and the SDK side meet.

The live API adds an attempt when it starts, and leaves its record here just before it ends the
span. Exporters and processors read the record from here while the span ends, because span limits
may have dropped attributes. Spans below an attempt leave their token usage here.

The spans of one attempt may start and end in many threads, so each step here stands alone: a dict
or set is read or changed in one operation, and a late caller undoes its own entry.
"""

from __future__ import annotations

import os

from otel_persona.records.attempt_record import AttemptRecord


class OpenAttempt:
    """One open attempt, and the usage reported by the spans below it."""

    reads_usage = True
    has_usage = False
    is_over = False
    prompt_tokens = 0
    completion_tokens = 0
    model: str | None = None

    def __init__(self) -> None:
        self.children: set[int] = set()
        # Spans whose usage was already counted through a span below them.
        self.counted: set[int] = set()


ending: dict[int, AttemptRecord] = {}
"""The records of attempts whose span is ending now, by span id."""

_attempts: dict[int, OpenAttempt] = {}
_owners: dict[int, OpenAttempt] = {}


def start(span_id: int) -> OpenAttempt:
    """Add the attempt of this span, which has started."""
    attempt = _attempts[span_id] = OpenAttempt()
    return attempt


def end(span_id: int) -> None:
    """Remove the attempt of this span, and the spans below it."""
    ending.pop(span_id, None)
    attempt = _attempts.pop(span_id, None)
    if attempt is not None:
        attempt.is_over = True
        if attempt.children:
            for child in attempt.children.copy():
                _owners.pop(child, None)


def around(span_id: int) -> OpenAttempt | None:
    """Return the open attempt that this span is or is below."""
    return _attempts.get(span_id) or _owners.get(span_id)


def add_child(span_id: int, attempt: OpenAttempt) -> None:
    """Note that this span is below ``attempt``."""
    attempt.children.add(span_id)
    _owners[span_id] = attempt
    if attempt.is_over:
        _owners.pop(span_id, None)


def _forget_all() -> None:
    ending.clear()
    for attempt in _attempts.values():
        attempt.is_over = True
    _attempts.clear()
    _owners.clear()


# Spans that were open at a fork end in the parent.
os.register_at_fork(after_in_child=_forget_all)
