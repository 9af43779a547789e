"""``log_attempt``: a finished attempt given as a mapping goes the same way as a live one."""

from __future__ import annotations

import datetime
import enum
import logging
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from opentelemetry import trace

import otel_persona as op
from otel_persona.records import decode_line
from otel_persona.testing import Captured, capture

ENTRY: dict[str, Any] = {
    "ts": "2026-01-31T14:32:01.234Z",
    "run_id": "25K_20260131_143200",
    "persona_id": "42",
    "stage": "B",
    "attempt": 2,
    "status": "success",
    "latency_ms": 1250,
    "prompt_tokens": 450,
    "completion_tokens": 320,
    "repairs": ["trait_leak"],
    "validator_scores": {"trait_leak": 0, "opening_variation": 0.8, "pollyanna": 0.6},
    "opening_move": "situational_hook",
    "constraint_categories": ["time_pressure"],
    "anchors_used": ["piața din Cahul"],
    "error": None,
}


def entry(**changed: Any) -> dict[str, Any]:
    """Give the entry with some of its keys changed."""
    return ENTRY | changed


def test_a_valid_entry_is_a_record_as_it_was_given(captured: Captured) -> None:
    """All 15 keys, and the ids of its own span."""
    assert op.log_attempt(ENTRY) is True
    [record], [span] = captured.records, captured.spans
    assert {key: getattr(record, key) for key in ENTRY} == ENTRY
    assert span.context is not None
    assert record.trace_id == f"{span.context.trace_id:032x}"
    assert record.span_id == f"{span.context.span_id:016x}"


def test_its_span_has_its_own_times(captured: Captured) -> None:
    """It ends at ``ts`` and began ``latency_ms`` before, whenever it is reported."""
    op.log_attempt(ENTRY)
    [span] = captured.spans
    end = datetime.datetime(2026, 1, 31, 14, 32, 1, 234_000, tzinfo=datetime.UTC)
    end_ns = (int(end.timestamp()) * 1_000 + 234) * 1_000_000
    assert (span.start_time, span.end_time) == (end_ns - 1_250_000_000, end_ns)
    assert span.name == "generate_persona B"
    assert span.attributes is not None
    assert span.attributes["persona.attempt.outcome"] == "ok"
    assert span.attributes["persona.validator.score.pollyanna"] == 0.6
    assert span.status.status_code is trace.StatusCode.UNSET


def test_a_failure_is_an_error_of_its_span(captured: Captured) -> None:
    """The status of the span, and the type of the error, come from the entry."""
    op.log_attempt(entry(status="fail", error="TimeoutError: 30 s"))
    op.log_attempt(entry(status="fail"))
    first, second = captured.spans
    assert first.status.status_code is second.status.status_code is trace.StatusCode.ERROR
    assert first.status.description == "TimeoutError: 30 s"
    assert (first.attributes or {})["error.type"] == "TimeoutError"
    assert (second.attributes or {})["persona.attempt.outcome"] == "error"


def test_it_stands_below_what_is_current(captured: Captured) -> None:
    """A scope or another span may be around it; nothing becomes current by it."""
    with op.persona("p") as scope:
        op.log_attempt(ENTRY)
        assert trace.get_current_span() is scope.span
    attempt, around = captured.spans
    assert attempt.parent == around.context


def test_it_is_written_like_any_other(tmp_path: Any) -> None:
    """One line in the log, the same that a live attempt would have."""
    log = tmp_path / "generation.log"
    with capture(log=str(log)):
        op.log_attempt(ENTRY)
        [line] = log.read_bytes().splitlines()
        record = decode_line(line)
    assert {key: getattr(record, key) for key in ENTRY} == ENTRY


def test_its_error_is_one_short_line(tmp_path: Path) -> None:
    """A traceback or a whole reply given as the error becomes one line of 1,000 characters."""
    log = tmp_path / "generation.log"
    with capture(log=str(log)):
        assert op.log_attempt(entry(status="fail", error="ValueError: no\n" + "!" * 2_000))
        error = decode_line(log.read_bytes()).error
    assert error is not None
    assert error.startswith("ValueError: no !!")
    assert len(error) == 1_000


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("2026-01-31T14:32:01.234567Z", "2026-01-31T14:32:01.234Z"),
        ("2026-01-31T16:32:01.234+02:00", "2026-01-31T14:32:01.234Z"),
        ("2026-01-31 14:32:01Z", "2026-01-31T14:32:01.000Z"),
        ("20260131T143201Z", "2026-01-31T14:32:01.000Z"),
    ],
)
def test_a_time_of_any_form_is_written_in_one(given: str, written: str, captured: Captured) -> None:
    """ISO 8601 with any offset is taken; the record has UTC, milliseconds and ``Z``."""
    assert op.log_attempt(entry(ts=given))
    assert captured.records[0].ts == written
    assert captured.metric("persona.records.warned") == {}


def test_a_naive_time_is_taken_as_utc_and_counted(
    captured: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    """The specification's own example writes such; it is kept, told once, and counted."""
    with caplog.at_level(logging.WARNING, "otel_persona"):
        for _ in range(3):
            assert op.log_attempt(entry(ts="2026-01-31T14:32:01.234567"))
    assert {record.ts for record in captured.records} == {"2026-01-31T14:32:01.234Z"}
    assert len(caplog.messages) == 1
    [point] = captured.metric("persona.records.warned").values()
    assert (point.attributes, point.value) == ({"reason": "naive_ts"}, 3)


@pytest.mark.parametrize(
    "ts", ["0001-01-01T00:00:00Z", "1969-07-20T20:17:40Z", "9999-12-31T23:59:59Z"]
)
def test_times_far_away(ts: str, captured: Captured) -> None:
    """A time that no span can have is still the record's."""
    assert op.log_attempt(entry(ts=ts, latency_ms=2**53))
    assert captured.records[0].ts[:19] == ts[:19]


def test_a_score_outside_its_range_is_kept_and_counted(captured: Captured) -> None:
    """As with a live attempt."""
    assert op.log_attempt(entry(validator_scores={"pollyanna": 7}))
    assert captured.records[0].validator_scores == {"pollyanna": 7.0}
    [point] = captured.metric("persona.records.warned").values()
    assert point.attributes == {"reason": "score_out_of_range"}


def test_keys_beyond_the_fifteen(captured: Captured) -> None:
    """The optional ones are kept, ids of another trace too; unknown ones are ignored."""
    ids = {"trace_id": "1" * 32, "span_id": "2" * 16}
    optional = {"tier": "5K", "target": "t", "symbol": "s", "model": "m", **ids}
    assert op.log_attempt(MappingProxyType(entry(**optional, unknown={"any": "thing"})))
    [record] = captured.records
    assert {key: getattr(record, key) for key in optional} == optional


def test_what_is_given_is_not_kept(captured: Captured) -> None:
    """The caller may go on using its lists; the record has its own."""
    given = entry(repairs=["a"], validator_scores={"a": 1})
    op.log_attempt(given)
    given["repairs"].append("b")
    given["validator_scores"]["b"] = 0
    assert captured.records[0].repairs == ["a"]
    assert captured.records[0].validator_scores == {"a": 1.0}


class Text(enum.StrEnum):
    """Text as enums."""

    SUCCESS = "success"


INVALID: list[object] = [
    {},
    None,
    3,
    "a line",
    b"a line",
    [1],
    [("ts", "x")],
    {1: 2},
    *({key: value for key, value in ENTRY.items() if key != missing} for missing in ENTRY),
    entry(ts="yesterday"),
    entry(ts=""),
    entry(ts=None),
    entry(ts=datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)),
    entry(ts="0001-01-01T00:00:00+23:00"),
    entry(run_id=1),
    entry(persona_id=42),
    entry(persona_id=None),
    entry(stage="Z"),
    entry(stage=None),
    entry(attempt=0),
    entry(attempt=-1),
    entry(attempt="1"),
    entry(attempt=1.5),
    entry(attempt=True),
    entry(attempt=2**60),
    entry(status="ok"),
    entry(status=None),
    entry(latency_ms=-1),
    entry(latency_ms=1.5),
    entry(latency_ms="1"),
    entry(latency_ms=None),
    entry(prompt_tokens=-1),
    entry(prompt_tokens=None),
    entry(prompt_tokens=10**30),
    entry(completion_tokens=True),
    entry(repairs=None),
    entry(repairs="trait_leak"),
    entry(repairs=[1]),
    entry(repairs=[None]),
    entry(validator_scores=None),
    entry(validator_scores=[]),
    entry(validator_scores={"a": "0.5"}),
    entry(validator_scores={"a": None}),
    entry(validator_scores={"a": math.nan}),
    entry(validator_scores={"a": math.inf}),
    entry(validator_scores={1: 0.5}),
    entry(opening_move=3),
    entry(constraint_categories={"a": 1}),
    entry(anchors_used=[["a"]]),
    entry(error=ValueError("no")),
    entry(tier=5),
    entry(model=["m"]),
]


@pytest.mark.parametrize("given", INVALID, ids=range(len(INVALID)))
def test_an_entry_that_is_not_valid(
    given: Any, captured: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not written, told once and counted, and nothing is raised."""
    with caplog.at_level(logging.WARNING, "otel_persona"):
        assert op.log_attempt(given) is False
        assert op.log_attempt(given) is False
    assert list(captured.records) == []
    assert list(captured.spans) == []
    assert captured.metric("persona.attempts") == {}
    [told] = caplog.messages
    assert "log_attempt" in told
    assert len(told) < 400
    [point] = captured.metric("persona.records.rejected").values()
    assert point.value == 2


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (entry(attempt=0), "attempt"),
        (entry(status="ok"), "ok"),
        (entry(stage="Z"), "'Z' is not declared; there are B, C, validation"),
        (entry(ts="yesterday"), "yesterday"),
        (
            entry(validator_scores={"a": math.nan}),
            "validator_scores.a must be a finite number, not nan",
        ),
        ({}, "ts"),
        (entry(repairs=["a", 1]), "repairs[1]"),
    ],
)
def test_strict_raises(given: dict[str, Any], named: str) -> None:
    """With the setting ``strict`` an entry that is not valid is the caller's error, and named."""
    with capture(strict=True) as captured:
        with pytest.raises(op.RecordError) as raised:
            op.log_attempt(given)
        assert named in raised.value.reason
        assert op.log_attempt(ENTRY)
        assert sum(p.value for p in captured.metric("persona.records.rejected").values()) == 1


def test_one_warning_for_each_reason(captured: Captured, caplog: pytest.LogCaptureFixture) -> None:
    """Two faults of different kinds are both told, and each only once."""
    with caplog.at_level(logging.WARNING, "otel_persona"):
        for _ in range(3):
            op.log_attempt(entry(attempt=0))
            op.log_attempt(entry(status="ok"))
    assert len(caplog.messages) == 2
    assert "attempt" in caplog.messages[0]
    assert "status" in caplog.messages[1]


def test_text_that_utf8_cannot_carry(captured: Captured) -> None:
    """A lone surrogate costs neither the line nor an attribute of the span."""
    assert op.log_attempt(entry(persona_id="p\ud800", anchors_used=["\udfff"]))
    assert captured.records[0].persona_id == "p?"
    assert captured.records[0].anchors_used == ["?"]
    assert (captured.spans[0].attributes or {})["persona.id"] == "p?"


def test_unsampled_entries_are_recorded_too() -> None:
    """As live attempts are."""
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    with capture(sampler=ALWAYS_OFF) as captured:
        assert op.log_attempt(ENTRY)
        [point] = captured.metric("persona.attempts").values()
    assert point.value == 1
    assert captured.records[0].trace_id is None


class Gone(Mapping[str, Any]):
    """A mapping of the caller's own kind that cannot be read."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("gone")

    def __iter__(self) -> Iterator[str]:
        return iter(ENTRY)

    def __len__(self) -> int:
        return len(ENTRY)


def test_a_mapping_that_cannot_be_read(captured: Captured) -> None:
    """It is an entry that is not valid like others, and says why."""
    assert op.log_attempt(Gone()) is False
    assert list(captured.records) == []


def test_text_of_numpy(captured: Captured) -> None:
    """Ids out of an array are text, and so are the names of scores."""
    names = np.array(["p-1", "pollyanna"])
    assert op.log_attempt(entry(persona_id=names[0], validator_scores={names[1]: 0.5}))
    [record] = captured.records
    assert (record.persona_id, record.validator_scores) == ("p-1", {"pollyanna": 0.5})


def test_members_that_are_text(captured: Captured) -> None:
    """A ``StrEnum`` is the text that it equals."""
    assert op.log_attempt(entry(status=Text.SUCCESS))
    assert type(captured.records[0].status) is str
