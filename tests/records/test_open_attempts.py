"""Attempts whose span is open, and the spans below them: nothing stays behind."""

from __future__ import annotations

from otel_persona.records import in_flight


def test_a_span_that_comes_too_late_finds_no_attempt() -> None:
    """One that starts in a thread while its attempt ends in another is forgotten with it."""
    attempt = in_flight.enter(1)
    in_flight.add_child(2, attempt)
    assert in_flight.above(2) is attempt

    in_flight.leave(1)
    in_flight.add_child(3, attempt)

    assert in_flight.above(2) is None
    assert in_flight.above(3) is None
