"""Values that cannot be used: the attempt is kept, the value refused, told once and counted."""

from __future__ import annotations

import decimal
import logging
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import otel_persona as op
from otel_persona.records import decode_line, encode_line
from otel_persona.testing import Captured

Say = Callable[[Any, Any], None]


class Odd:
    """An object whose every method fails."""

    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __index__(self) -> int:
        raise RuntimeError("no number")

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("cannot compare")

    def __hash__(self) -> int:
        raise RuntimeError("no hash")


class OddNumber(int):
    """A number that cannot be written."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


class Proxy:
    """Stands for something that is not there, as a web framework's object outside a request."""

    @property  # type: ignore[misc]  # as such proxies do
    def __class__(self) -> type:
        raise RuntimeError("nothing there")


class OddMapping(dict[str, float]):
    """A mapping whose items cannot be had."""

    def items(self) -> Any:
        """Fail."""
        raise RuntimeError("no items")


TOKENS = [
    -1,
    2**53 + 1,
    10**5_000,
    1.0,
    math.nan,
    True,
    np.True_,
    np.float64(3),
    np.array([1, 2]),
    "450",
    b"1",
    [1],
    Odd(),
    OddNumber(-1),
    Proxy(),
]
SCORES = [
    math.nan,
    math.inf,
    -math.inf,
    np.float32("nan"),
    np.array([0.1, 0.2]),
    10**400,
    10**5_000,
    decimal.Decimal("sNaN"),
    "0.5",
    None,
    [0.5],
    1j,
    Odd(),
    Proxy(),
]
TEXTS = [None, 3, 2.5, b"bytes", ["a list"], {"a": 1}, np.array(["a"]), Odd(), Proxy()]
STATUSES = [
    "failed",
    "",
    "SUCCESS",
    None,
    0,
    True,
    ["success"],
    np.array(["fail", "fail"]),
    Odd(),
    Proxy(),
]

CASES: list[tuple[str, list[Any], Say]] = [
    ("prompt_tokens", TOKENS, lambda a, value: a.record_usage(prompt_tokens=value)),
    ("completion_tokens", TOKENS, lambda a, value: a.record_usage(completion_tokens=value)),
    ("model", TEXTS[1:], lambda a, value: a.record_usage(model=value)),
    ("score", SCORES, lambda a, value: a.record_score("pollyanna", value)),
    ("score", SCORES, lambda a, value: a.record_scores({"pollyanna": value})),
    ("validator", TEXTS, lambda a, value: a.record_score(value, 0.5)),
    (
        "scores",
        [*TEXTS[:5], Odd(), Proxy(), OddMapping(x=0.5)],
        lambda a, value: a.record_scores(value),
    ),
    ("repair", TEXTS, lambda a, value: a.record_repair(value)),
    ("opening_move", TEXTS, lambda a, value: a.record_opening_move(value)),
    ("constraint", TEXTS, lambda a, value: a.record_constraints(value)),
    ("anchor", TEXTS, lambda a, value: a.record_anchors(value)),
    ("status", STATUSES, lambda a, value: a.set_status(value)),
]


@pytest.mark.parametrize(
    ("reason", "value", "say"),
    [
        pytest.param(reason, value, say, id=f"{reason}-{index}-{type(value).__name__}")
        for reason, values, say in CASES
        for index, value in enumerate(values)
    ],
)
def test_a_value_that_cannot_be_used(
    reason: str, value: Any, say: Say, captured: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is raised, the rest of the attempt is kept, and the line can be read again."""
    with caplog.at_level(logging.WARNING, "otel_persona"), op.attempt(stage="B") as a:
        a.record_usage(prompt_tokens=1, completion_tokens=2, model="m")
        a.record_repair("good")
        say(a, value)
        say(a, value)
        a.record_score("good", 0.5)
    [record] = captured.records
    assert (record.prompt_tokens, record.completion_tokens, record.model) == (1, 2, "m")
    assert (record.repairs, record.validator_scores) == (["good"], {"good": 0.5})
    assert (record.opening_move, record.status, record.error) == (None, "success", None)
    assert record.constraint_categories == record.anchors_used == []
    assert decode_line(encode_line(record)) == record
    [told] = caplog.messages
    assert reason in told
    assert len(told) < 300
    [point] = captured.metric("persona.records.rejected").values()
    assert (point.attributes, point.value) == ({"reason": reason}, 2)


def test_a_failure_without_a_text(captured: Captured) -> None:
    """A reason that is no text is refused; the failure itself is kept."""
    number: Any = 3
    with op.attempt(stage="B") as a:
        a.fail(number)
    assert (captured.records[0].status, captured.records[0].error) == ("fail", None)
    assert [dict(labels)["reason"] for labels in captured.metric("persona.records.rejected")] == [
        "reason"
    ]


def test_half_of_a_usage(captured: Captured) -> None:
    """One count that is wrong does not cost the other."""
    number: Any = 3
    with op.attempt(stage="B") as a:
        a.record_usage(prompt_tokens=-1, completion_tokens=5)
        a.record_repair("good", number, "better")
    [record] = captured.records
    assert (record.prompt_tokens, record.completion_tokens) == (0, 5)
    assert record.repairs == ["good", "better"]


@pytest.mark.parametrize("score", [-0.5, 1.5, 100, 5e300, -1e-300])
def test_a_score_outside_its_range(
    score: float, captured: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    """It is kept as it is, told once for each validator, and counted as odd rather than refused."""
    with caplog.at_level(logging.WARNING, "otel_persona"), op.attempt(stage="B") as a:
        a.record_score("pollyanna", score)
        a.record_scores({"trait_leak": score, "fine": 1, "too": 0})
    assert captured.records[0].validator_scores == {
        "pollyanna": score,
        "trait_leak": score,
        "fine": 1.0,
        "too": 0.0,
    }
    assert [message.split()[4] for message in caplog.messages] == ["pollyanna", "trait_leak"]
    [point] = captured.metric("persona.records.warned").values()
    assert (point.attributes, point.value) == ({"reason": "score_out_of_range"}, 2)
    assert captured.metric("persona.records.rejected") == {}


def test_each_reason_is_told_once(captured: Captured, caplog: pytest.LogCaptureFixture) -> None:
    """A thousand wrong values of two kinds are two lines of log and a count of a thousand."""
    with caplog.at_level(logging.WARNING, "otel_persona"):
        for _ in range(500):
            with op.attempt(stage="B") as a:
                a.record_score("pollyanna", math.nan)
                a.record_usage(prompt_tokens=-1)
    assert len(caplog.messages) == 2
    assert {
        dict(labels)["reason"]: point.value
        for labels, point in captured.metric("persona.records.rejected").items()
    } == {"score": 500, "prompt_tokens": 500}
    assert len(captured.records) == 500


def test_total_tokens_beyond_what_a_line_can_hold(captured: Captured) -> None:
    """However much is added up, the line can still be read."""
    with op.attempt(stage="B") as a:
        for _ in range(3):
            a.record_usage(prompt_tokens=2**53)
    [record] = captured.records
    assert decode_line(encode_line(record)) == record
