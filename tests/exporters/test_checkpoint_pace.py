"""When a running process writes its sidecars: often enough, and never most of the time."""

from __future__ import annotations

import pytest

from otel_persona.exporters.checkpoint_pace import CheckpointPace
from otel_persona.settings import SidecarSettings


@pytest.fixture
def pace() -> CheckpointPace:
    """Give the pace of three attempts or ten seconds."""
    return CheckpointPace(SidecarSettings(checkpoint_attempts=3, checkpoint_s=10))


def test_nothing_is_due_without_an_attempt(pace: CheckpointPace) -> None:
    """Neither at first nor after a checkpoint that has written all."""
    assert pace.due() is None
    pace.add_attempt(100)
    pace.begin()
    pace.end(101, 102, is_written=True)
    assert pace.due() is None


def test_it_is_due_some_seconds_after_the_first_attempt(pace: CheckpointPace) -> None:
    """A later attempt does not put it off."""
    pace.add_attempt(100)
    pace.add_attempt(109)
    assert pace.due() == 110
    assert pace.attempts_to_go() == 1


def test_it_is_due_at_once_after_so_many_attempts(pace: CheckpointPace) -> None:
    """The time is up already when the last of them comes."""
    for moment in (100, 101, 102):
        pace.add_attempt(moment)
    assert pace.due() is not None
    assert pace.due() <= 102


def test_a_new_cohort_makes_it_due_at_once(pace: CheckpointPace) -> None:
    """It does so once, and within the tenth of the time."""
    pace.add_attempt(100)
    pace.add_attempt(101, of_new_cohort=True)
    assert pace.due() == 100
    pace.begin()
    pace.end(101, 102, is_written=True)
    pace.add_attempt(103)
    assert pace.due() == 113
    pace.add_attempt(104, of_new_cohort=True)
    assert pace.due() == 111


def test_it_takes_a_tenth_of_the_time_at_most(pace: CheckpointPace) -> None:
    """After two seconds of writing, eighteen follow without."""
    pace.add_attempt(100)
    pace.begin()
    pace.end(100, 102, is_written=True)
    for moment in (103, 104, 105):
        pace.add_attempt(moment)
    assert pace.due() == 120


def test_attempts_that_come_while_it_writes_are_not_written(pace: CheckpointPace) -> None:
    """They are in the next one."""
    pace.add_attempt(100)
    pace.begin()
    pace.add_attempt(100.5)
    pace.end(100, 101, is_written=True)
    assert pace.due() == 110.5


def test_after_a_failure_it_is_due_some_seconds_later(pace: CheckpointPace) -> None:
    """Also without a further attempt, and however many there are: the disk is full for all."""
    pace.add_attempt(100)
    pace.begin()
    pace.end(100, 100.5, is_written=False)
    assert pace.due() == 110.5
    for moment in (101, 102, 103):
        pace.add_attempt(moment)
    assert pace.due() == 110.5
    pace.begin()
    pace.end(110.5, 111, is_written=True)
    assert pace.due() is None


def test_a_retry_too_takes_a_tenth_of_the_time_at_most(pace: CheckpointPace) -> None:
    """Where it took long to fail, as with a lock that others hold, it is not tried all the time."""
    pace.add_attempt(100)
    pace.begin()
    pace.end(100, 105, is_written=False)
    assert pace.due() == 150
