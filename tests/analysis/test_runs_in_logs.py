"""Logs that hold more than one run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otel_persona.analysis import LogReader, RunAttempts
from otel_persona.errors import LogReadError, UsageError

Line = Callable[..., bytes]


def _ids(path: str, run_id: str | None = None) -> list[str]:
    return [record.persona_id for record in RunAttempts(LogReader([path], print), run_id)]


def test_the_only_run_need_not_be_named(line: Line, log: Callable[..., str]) -> None:
    """Its id is known after reading."""
    attempts = RunAttempts(LogReader([log(line(run_id="25K_a"))], print))
    assert len(list(attempts)) == 1
    assert attempts.run_id == "25K_a"


def test_several_runs_are_listed_with_their_attempts(line: Line, log: Callable[..., str]) -> None:
    """Figures over several would mean nothing; an empty id is a name that can be chosen too."""
    path = log(line(run_id=""), line(run_id="b"), line(run_id="b"))
    with pytest.raises(UsageError, match=r"2 runs; .*--run: 'b' \(2 attempts\), '' \(1 attempt\)$"):
        _ids(path)


def test_a_long_list_of_runs_is_cut(line: Line, log: Callable[..., str]) -> None:
    """The error stays readable, and says how many more there are."""
    path = log(*(line(run_id=f"run {n}") for n in range(25)))
    with pytest.raises(UsageError, match=r"25 runs; .*, and 5 more$"):
        _ids(path)


def test_one_run_is_picked_out(line: Line, log: Callable[..., str]) -> None:
    """The attempts of the others have no part in it."""
    path = log(
        line(run_id="a", persona_id="1"),
        line(run_id="b", persona_id="2"),
        line(run_id="a", persona_id="3"),
    )
    assert _ids(path, "a") == ["1", "3"]


def test_a_run_that_is_not_there_is_an_error(line: Line, log: Callable[..., str]) -> None:
    """It names the runs that are."""
    with pytest.raises(UsageError, match=r"no attempt of the run 'c'; the input holds 'a' \(1 "):
        _ids(log(line(run_id="a")), "c")


def test_no_attempt_at_all_is_an_error(log: Callable[..., str]) -> None:
    """It names the files that were read."""
    path = log(b"nothing\n")
    with pytest.raises(LogReadError, match=r"no valid attempt record in .*generation\.log$"):
        _ids(path)
