"""Attempts whose span is open, by span id: where the live API and the SDK side meet.

The live API enters an attempt when it starts and lays its record down just before it ends the
span; exporters and processors take the record from here while the span ends, because span limits
may have dropped attributes. Spans below an attempt leave their token usage here.

Spans of one attempt may start and end in many threads, so each step here stands on its own: a dict
or a set is read or changed at once, and who comes too late cleans up after itself.
"""

from __future__ import annotations

import os

from otel_persona.records.attempt_record import AttemptRecord


class OpenAttempt:
    """One open attempt, and the usage that spans below it reported."""

    reads_usage = True
    has_usage = False
    is_over = False
    prompt_tokens = 0
    completion_tokens = 0
    model: str | None = None

    def __init__(self) -> None:
        self.children: set[int] = set()
        # Spans whose usage is already counted through a span below them.
        self.counted: set[int] = set()


ending: dict[int, AttemptRecord] = {}
"""The records of attempts whose span is ending now, by the span's id."""

_attempts: dict[int, OpenAttempt] = {}
_owners: dict[int, OpenAttempt] = {}


def start(span_id: int) -> OpenAttempt:
    """Note that the attempt of this span has started."""
    attempt = _attempts[span_id] = OpenAttempt()
    return attempt


def end(span_id: int) -> None:
    """Forget the attempt of this span, and the spans below it."""
    ending.pop(span_id, None)
    attempt = _attempts.pop(span_id, None)
    if attempt is not None:
        attempt.is_over = True
        if attempt.children:
            for child in attempt.children.copy():
                _owners.pop(child, None)


def around(span_id: int) -> OpenAttempt | None:
    """Give the open attempt that this span is, or stands below."""
    return _attempts.get(span_id) or _owners.get(span_id)


def add_child(span_id: int, attempt: OpenAttempt) -> None:
    """Note that this span stands below ``attempt``."""
    attempt.children.add(span_id)
    _owners[span_id] = attempt
    if attempt.is_over:
        _owners.pop(span_id, None)


def _forget_all() -> None:
    ending.clear()
    _attempts.clear()
    _owners.clear()


# The spans that were open at a fork end in the parent.
os.register_at_fork(after_in_child=_forget_all)
