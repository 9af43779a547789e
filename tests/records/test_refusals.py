"""Why a line or an entry is refused: one sentence with the fault, its place and what is right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_persona.errors import RecordError
from otel_persona.records import decode_line, record_from_entry
from otel_persona.records.attributes import from_attributes

COUNT = "a whole number from 0"
SENTENCES: list[tuple[str, Any, str]] = [
    ("ts", 5, "ts must be text, not 5"),
    (
        "ts",
        "yesterday",
        "ts must be an ISO 8601 time such as 2026-01-31T14:32:01.234Z, not 'yesterday'",
    ),
    ("run_id", None, "run_id must be text, not null"),
    ("stage", None, "stage must be text, not null"),
    ("persona_id", 17, "persona_id must be text, not 17"),
    ("status", "done", "status must be success, fail or repair, not 'done'"),
    ("status", None, "status must be success, fail or repair, not null"),
    ("attempt", 0, "attempt must be a whole number from 1, not 0"),
    ("attempt", True, "attempt must be a whole number from 1, not true"),
    ("attempt", 1.5, "attempt must be a whole number from 1, not 1.5"),
    (
        "attempt",
        2**53 + 1,
        "attempt must be a whole number up to 9007199254740992, not 9007199254740993",
    ),
    ("latency_ms", -1, f"latency_ms must be {COUNT}, not -1"),
    ("prompt_tokens", "450", f"prompt_tokens must be {COUNT}, not '450'"),
    ("completion_tokens", [], f"completion_tokens must be {COUNT}, not an array"),
    ("repairs", None, "repairs must be an array of text, not null"),
    ("repairs", "trait_leak", "repairs must be an array of text, not 'trait_leak'"),
    ("repairs", ["a", 1], "repairs[1] must be text, not 1"),
    ("anchors_used", [{}], "anchors_used[0] must be text, not an object"),
    ("constraint_categories", [None], "constraint_categories[0] must be text, not null"),
    (
        "validator_scores",
        [0.5],
        "validator_scores must be an object of names, each with a finite number, not an array",
    ),
    (
        "validator_scores",
        {"tone": 1, "pollyanna": None},
        "validator_scores.pollyanna must be a finite number, not null",
    ),
    (
        "validator_scores",
        {"trait leak": "high"},
        "validator_scores['trait leak'] must be a finite number, not 'high'",
    ),
    (
        "validator_scores",
        {"pollyanna": float("nan")},
        "validator_scores.pollyanna must be a finite number, not nan",
    ),
    (
        "validator_scores",
        {"pollyanna": float("inf")},
        "validator_scores.pollyanna must be a finite number, not inf",
    ),
    ("opening_move", 3, "opening_move must be text or null, not 3"),
    ("error", False, "error must be text or null, not false"),
    ("tier", 25, "tier must be text or null, not 25"),
]


def _why_line(line: bytes) -> str:
    with pytest.raises(RecordError) as refused:
        decode_line(line)
    return refused.value.reason


def _why_entry(entry: Any) -> str:
    with pytest.raises(RecordError) as refused:
        record_from_entry(entry)
    return refused.value.reason


@pytest.mark.parametrize(("key", "value", "sentence"), SENTENCES)
def test_a_wrong_value_reads_the_same_from_a_line_and_an_entry(
    entry: dict[str, Any], key: str, value: Any, sentence: str
) -> None:
    """The key, what belongs there and what stands there, whoever wrote it."""
    entry[key] = value

    assert _why_entry(entry) == sentence
    assert _why_line(json.dumps(entry).encode()) == sentence


def test_a_missing_key_reads_the_same_from_a_line_and_an_entry(
    entry: dict[str, Any], keys: list[str]
) -> None:
    """The key is named; a value that is wrong as well is told first."""
    for key in keys:
        lacking = {name: value for name, value in entry.items() if name != key}
        assert _why_entry(lacking) == f"the key {key!r} is missing"
        assert _why_line(json.dumps(lacking).encode()) == f"the key {key!r} is missing"
    assert _why_entry({"stage": 1}) == "stage must be text, not 1"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"", "not JSON: it ends too early"),
        (b'{"ts": "2026', "not JSON: it ends too early"),
        (b'{"ts":', "not JSON: it ends too early"),
        (b"null", "not a JSON object but null"),
        (b"true", "not a JSON object but true"),
        (b"17", "not a JSON object but 17"),
        (b'"text"', "not a JSON object but 'text'"),
        (b"[1, 2]", "not a JSON object but an array"),
        (b"bad", "not JSON: expecting value at character 1, where 'bad' stands"),
        (b'{"a" 1}', "not JSON: expecting ':' delimiter at character 6, where '1}' stands"),
        (b'{"a": 1} {}', "not JSON: extra data at character 10, where '{}' stands"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 8"),
        (b'{"a":' + b"[" * 100_000, "nested too deeply"),
        (b'{"attempt":' + b"9" * 5_000 + b"}", "a number has more digits than can be read"),
    ],
)
def test_a_line_that_is_no_object_says_so(line: bytes, sentence: str) -> None:
    """What it is instead, or where it stops being JSON."""
    assert _why_line(line) == sentence


def test_a_number_that_json_lacks_is_told_even_in_a_key_that_nobody_reads(
    entry: dict[str, Any],
) -> None:
    """The line is not JSON then, whatever else Python's own writer makes of it."""
    assert _why_line(json.dumps(entry | {"later": float("nan")}).encode()).startswith(
        "not JSON: invalid character"
    )


def test_a_number_too_large_for_a_score_is_named(entry: dict[str, Any]) -> None:
    """The validator is told, though the decoder itself cannot say which it was."""
    line = json.dumps(entry).encode().replace(b'"pollyanna": 0.7', b'"pollyanna": 1e400')

    assert _why_line(line) == "validator_scores.pollyanna must be a finite number, not inf"


def test_what_stands_there_is_cut_short(entry: dict[str, Any]) -> None:
    """A sentence stays one that can be read, whatever the data."""
    for wrong in (
        {"ts": "x" * 10_000},
        {"attempt": 10**5_000},
        {"attempt": -(10**4_000)},
        {"validator_scores": {"x" * 10_000: None}},
        {"validator_scores": {"a\nb": "c\nd"}},
    ):
        reason = _why_entry(entry | wrong)
        assert len(reason) < 250
        assert "\n" not in reason


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (None, "an entry is a mapping, not NoneType"),
        ({1: 2}, "the entry must be an object whose keys are text, not the key 1"),
        (
            {"validator_scores": {1: 0.5}},
            "validator_scores must be an object whose keys are text, not the key 1",
        ),
        ({"error": ValueError("no")}, "error must be text or null, not a value of type ValueError"),
    ],
)
def test_an_entry_may_hold_what_json_cannot(given: Any, sentence: str) -> None:
    """Its faults read like those of a line."""
    assert _why_entry(given) == sentence


def test_a_foreign_span_is_refused_in_the_same_words() -> None:
    """Its attributes are told by the keys of the record."""
    attributes = {
        "persona.run.id": "25K",
        "persona.id": "1",
        "persona.stage": "B",
        "persona.attempt.status": "success",
    }
    for wrong, sentence in (
        ({"persona.attempt.number": 0}, "attempt must be a whole number from 1, not 0"),
        ({"persona.repairs": (1,)}, "repairs[0] must be text, not 1"),
        (
            {"persona.validator.score.pollyanna": "high"},
            "validator_scores.pollyanna must be a finite number, not 'high'",
        ),
    ):
        with pytest.raises(RecordError) as refused:
            from_attributes(attributes | wrong, ts="", latency_ms=0, trace_id="", span_id="")
        assert refused.value.reason == sentence
