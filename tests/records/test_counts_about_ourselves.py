"""What was lost, refused or odd: told once for each reason, counted always."""

from __future__ import annotations

import threading

import pytest

from otel_persona.records.tallies import ReasonTally


def test_the_first_of_each_reason_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """A million faults of one kind are one line in the log, and a million in the count."""
    tally = ReasonTally("attempt record lost")
    for number in range(100):
        tally.add("full", f"the disk is full at {number}")
    tally.add("late", "it was late", count=5)

    assert tally.counts() == {"full": 100, "late": 5}
    assert [record.name for record in caplog.records] == ["otel_persona"] * 2
    assert "the disk is full at 0" in caplog.messages[0]
    assert "attempt record lost" in caplog.messages[0]


def test_faults_that_come_from_the_data_are_told_a_hundred_times_at_most(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However many different ones there are, neither the log nor the memory fills up with them."""
    tally = ReasonTally("value rejected")
    for number in range(150):
        tally.add("entry", f"fault {number}", once_per=f"fault {number}")

    assert len(caplog.messages) == 100
    assert tally.counts() == {"entry": 150}


def test_threads_count_exactly() -> None:
    """No count is lost between threads."""
    tally = ReasonTally("value rejected")
    threads = [
        threading.Thread(target=lambda: [tally.add("x", "y") for _ in range(2_000)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert tally.counts() == {"x": 8_000}


def test_counts_that_are_given_out_are_a_copy() -> None:
    """A reader cannot change them."""
    tally = ReasonTally("value rejected")
    tally.counts()["x"] = 5

    assert tally.counts() == {}
