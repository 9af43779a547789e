"""Attempts whose span is open, and the spans below them: nothing stays behind."""

from __future__ import annotations

from otel_persona.records import open_attempts


def test_a_span_that_comes_too_late_finds_no_attempt() -> None:
    """One that starts in a thread while its attempt ends in another is forgotten with it."""
    attempt = open_attempts.start(1)
    open_attempts.add_child(2, attempt)
    assert open_attempts.around(2) is attempt

    open_attempts.end(1)
    open_attempts.add_child(3, attempt)

    assert open_attempts.around(2) is None
    assert open_attempts.around(3) is None
