"""Logs that hold more than one run, or a run of several tiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_persona.analysis import LogReader, RunAttempts
from otel_persona.errors import LogReadError, UsageError
from otel_persona.settings import Settings

Line = Callable[..., bytes]


def _attempts(path: str, **chosen: Any) -> RunAttempts:
    return RunAttempts(LogReader([path], print), **{"settings": Settings()} | chosen)


def _ids(path: str, **chosen: str) -> list[str]:
    return [record.persona_id for record in _attempts(path, **chosen)]


def test_the_only_run_need_not_be_named(line: Line, log: Callable[..., str]) -> None:
    """Its id is known after reading."""
    attempts = _attempts(log(line(run_id="25K_a")))
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
    assert _ids(path, run_id="a") == ["1", "3"]


def test_a_run_that_is_not_there_is_an_error(line: Line, log: Callable[..., str]) -> None:
    """It names the runs that are."""
    with pytest.raises(UsageError, match=r"no attempt of the run 'c'; the input holds 'a' \(1 "):
        _ids(log(line(run_id="a")), run_id="c")


def test_no_attempt_at_all_is_an_error(log: Callable[..., str]) -> None:
    """It names the files that were read."""
    path = log(b"nothing\n")
    with pytest.raises(LogReadError, match=r"no valid attempt record in .*generation\.log$"):
        _ids(path)


@pytest.mark.parametrize(
    ("said", "setting", "tier"),
    [(None, None, "25K"), (None, "mine", "mine"), ("50K", None, "50K"), ("50K", "mine", "mine")],
)
def test_the_tier_is_what_the_attempts_say(
    said: str | None, setting: str | None, tier: str, line: Line, log: Callable[..., str]
) -> None:
    """The setting is stronger, and without both it follows from the run's id."""
    attempts = _attempts(log(line(run_id="25K_a", tier=said)), settings=Settings(tier=setting))
    assert len(list(attempts)) == 1
    assert attempts.tier == tier


def test_several_tiers_count_together_and_are_listed(line: Line, log: Callable[..., str]) -> None:
    """Whatever the order, the name is the run's own, and it is said what stands behind it."""
    unsaid, said = line(run_id="25K_a"), line(run_id="25K_a", tier="50K")
    for lines in ([unsaid, said, said], [said, said, unsaid]):
        attempts = _attempts(log(*lines))
        assert len(list(attempts)) == 3
        assert attempts.tier == "25K"
        [remark] = attempts.remarks(order_matters=True)
        assert "2 tiers" in remark
        assert remark.endswith("--tier chooses one: '50K' (2 attempts), '25K' (1 attempt)")


def test_a_tier_that_follows_from_the_run_is_no_other(line: Line, log: Callable[..., str]) -> None:
    """Said or not, it is the same one."""
    assert len(_ids(log(line(run_id="25K_a"), line(run_id="25K_a", tier="25K")))) == 2


def test_one_tier_is_picked_out_of_a_run(line: Line, log: Callable[..., str]) -> None:
    """The attempts of other tiers, and of the same tier in other runs, have no part in it."""
    path = log(
        line(run_id="a", tier="x", persona_id="1"),
        line(run_id="a", tier="y", persona_id="2"),
        line(run_id="b", tier="x", persona_id="3"),
        line(run_id="a", tier="x", persona_id="4"),
    )
    assert _ids(path, run_id="a", tier="x") == ["1", "4"]
    assert _ids(path, run_id="b") == ["3"]
    with pytest.raises(UsageError, match=r"2 runs; choose one with --run"):
        _ids(path, tier="x")
    with pytest.raises(UsageError, match=r"no attempt of the tier 'z'; the run holds 'x' \(2 "):
        _ids(path, run_id="a", tier="z")
