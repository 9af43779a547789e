"""A record as a line, and a line as a record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.errors import RecordError
from otel_persona.records import (
    REQUIRED_KEYS,
    AttemptRecord,
    decode_line,
    encode_line,
    record_from_entry,
)


@given(data=st.data())
def test_any_record_comes_back_as_it_was(data: st.DataObject, records: Any) -> None:
    """What is written is read, to the last bit and character."""
    record = data.draw(records)

    assert decode_line(encode_line(record)) == record


@given(data=st.data())
def test_a_line_is_one_line_of_unescaped_json(data: st.DataObject, records: Any) -> None:
    """One newline, at the end; any JSON reader finds the same values as ours does."""
    record = data.draw(records)
    line = encode_line(record)

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert b"\r" not in line
    read = json.loads(line)
    assert read["anchors_used"] == record.anchors_used
    assert read["validator_scores"] == record.validator_scores
    for text in (record.run_id, *record.anchors_used):
        if text.isalnum():
            assert text.encode() in line


@given(data=st.data())
def test_text_that_utf8_cannot_carry_is_replaced(data: st.DataObject, odd_records: Any) -> None:
    """A lone surrogate becomes a question mark; the line is whole, and nothing else has changed."""
    record = data.draw(odd_records)

    read = decode_line(encode_line(record))

    assert read.latency_ms == record.latency_ms
    for written, kept in zip(record.anchors_used, read.anchors_used, strict=True):
        assert kept == written.encode("utf-8", "replace").decode()
    assert read.error == (
        record.error if record.error is None else record.error.encode("utf-8", "replace").decode()
    )


def test_the_keys_are_the_specifications_in_its_order(
    entry: dict[str, Any], keys: list[str], optional_keys: list[str]
) -> None:
    """15 keys always; the others follow them, each only where it is set."""
    plain = json.loads(encode_line(record_from_entry(entry)))
    assert list(plain) == keys == list(REQUIRED_KEYS)
    for key in optional_keys:
        line = json.loads(encode_line(record_from_entry(entry | {key: "set"})))
        assert list(line) == [*keys, key]
    everything = dict.fromkeys(optional_keys, "set")
    line = json.loads(encode_line(record_from_entry(entry | everything)))
    assert list(line) == [*keys, *optional_keys]


def test_the_specifications_example_is_written_as_it_stands(entry: dict[str, Any]) -> None:
    """Its values come out equal, in UTF-8 as people write it."""
    line = encode_line(record_from_entry(entry))

    assert json.loads(line) == entry
    assert "piața din Cahul".encode() in line


def test_lists_that_are_empty_and_values_that_are_null_are_written(entry: dict[str, Any]) -> None:
    """A reader never has to ask whether one of the 15 keys is there."""
    empty = entry | {
        "repairs": [],
        "validator_scores": {},
        "opening_move": None,
        "constraint_categories": [],
        "anchors_used": [],
    }

    assert json.loads(encode_line(record_from_entry(empty))) == empty


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n"


def test_unknown_keys_any_order_and_blanks_are_fine(entry: dict[str, Any]) -> None:
    """A reader takes what other writers write."""
    shuffled = {key: entry[key] for key in sorted(entry, reverse=True)} | {"extra": {"a": [1]}}
    spaced = b"  " + json.dumps(shuffled, indent=1).replace("\n", " ").encode() + b" \r\n"

    assert decode_line(spaced) == decode_line(_line(entry))


@pytest.mark.parametrize("key", range(15))
def test_a_missing_key_is_named(entry: dict[str, Any], keys: list[str], key: int) -> None:
    """None of the 15 keys may be absent."""
    del entry[keys[key]]

    with pytest.raises(RecordError, match=f"'{keys[key]}' is missing"):
        decode_line(_line(entry))


BAD_VALUES: list[tuple[str, Any]] = [
    ("ts", 1769869921),
    ("ts", None),
    ("ts", "yesterday"),
    ("ts", ""),
    ("ts", "2026-13-01T00:00:00Z"),
    ("ts", "2026-01-31T25:00:00Z"),
    ("ts", "0001-01-01T00:00:00+10:00"),
    ("run_id", None),
    ("run_id", 25),
    ("persona_id", 17),
    ("stage", None),
    ("attempt", 0),
    ("attempt", -1),
    ("attempt", 1.0),
    ("attempt", "1"),
    ("attempt", True),
    ("attempt", None),
    ("attempt", 2**53 + 1),
    ("status", "Success"),
    ("status", "error"),
    ("status", None),
    ("latency_ms", -1),
    ("latency_ms", 12.5),
    ("latency_ms", 10**30),
    ("prompt_tokens", -1),
    ("prompt_tokens", "450"),
    ("completion_tokens", -5),
    ("completion_tokens", None),
    ("repairs", None),
    ("repairs", "trait_leak"),
    ("repairs", [1]),
    ("repairs", [None]),
    ("repairs", {"trait_leak": 1}),
    ("validator_scores", None),
    ("validator_scores", [0.5]),
    ("validator_scores", {"pollyanna": "0.7"}),
    ("validator_scores", {"pollyanna": None}),
    ("validator_scores", {"pollyanna": True}),
    ("validator_scores", {"pollyanna": [0.7]}),
    ("opening_move", 3),
    ("opening_move", ["hook"]),
    ("constraint_categories", [["a"]]),
    ("anchors_used", "zacuscă"),
    ("anchors_used", [{"name": "zacuscă"}]),
    ("error", False),
    ("error", {"type": "ValueError"}),
    ("tier", 25),
    ("trace_id", 0),
]


@pytest.mark.parametrize(("key", "value"), BAD_VALUES)
def test_a_value_that_is_not_as_specified_is_refused(
    entry: dict[str, Any], key: str, value: Any
) -> None:
    """The reason names the key; the same holds for an entry that is handed in."""
    for refuse in (lambda: decode_line(_line(entry)), lambda: record_from_entry(entry)):
        entry[key] = value
        with pytest.raises(RecordError) as refused:
            refuse()
        assert key in refused.value.reason
        assert refused.value.reason == str(refused.value)
        assert "\n" not in refused.value.reason


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_numbers_that_are_not_finite_are_refused(entry: dict[str, Any], number: str) -> None:
    """JSON has no such numbers, though some writers write them."""
    line = _line(entry).replace(b'"pollyanna": 0.7', b'"pollyanna": ' + number.encode())

    with pytest.raises(RecordError):
        decode_line(line)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf")])
def test_an_entry_with_a_score_that_is_not_finite(entry: dict[str, Any], score: float) -> None:
    """It would make a line that nobody can read."""
    with pytest.raises(RecordError, match=r"pollyanna.*finite"):
        record_from_entry(entry | {"validator_scores": {"pollyanna": score}})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "too early"),
        (b"\n", "too early"),
        (b"{", "too early"),
        (b"null", "not a JSON object but null"),
        (b"17", "not a JSON object but 17"),
        (b'"text"', "not a JSON object but 'text'"),
        (b"[]", "not a JSON object but an array"),
        (b"{}", "'ts' is missing"),
        (b"not json", "not JSON"),
        (b"{'ts': 1}", "not JSON"),
        (b"\x00" * 40, "not JSON"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"attempt":' + b"9" * 5_000 + b"}", "digits"),
    ],
)
def test_what_is_no_object_is_refused(line: bytes, reason: str) -> None:
    """A reader says what it found instead."""
    with pytest.raises(RecordError, match=reason):
        decode_line(line)


@pytest.mark.parametrize("broken", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"])
def test_bytes_that_are_no_utf8_are_refused(entry: dict[str, Any], broken: bytes) -> None:
    """A line in another encoding is told as such."""
    line = _line(entry).replace("piața".encode(), broken)

    with pytest.raises(RecordError, match="UTF-8"):
        decode_line(line)


def test_two_records_on_one_line_are_not_one(entry: dict[str, Any]) -> None:
    """Nothing may follow the object."""
    with pytest.raises(RecordError, match="not JSON: extra data"):
        decode_line(_line(entry).rstrip() + _line(entry))


@pytest.mark.parametrize("entry_given", [None, 3, "text", ["ts"], [("ts", 1)], {1: 2}])
def test_an_entry_that_is_no_mapping_of_names(entry_given: Any) -> None:
    """Wrong use is refused like a wrong value, never with another error."""
    with pytest.raises(RecordError):
        record_from_entry(entry_given)


def test_an_entry_becomes_a_record_with_a_canonical_time(entry: dict[str, Any]) -> None:
    """``datetime.now().isoformat()``, as the specification writes it, is brought into form."""
    record = record_from_entry(entry | {"ts": "2026-01-31T16:32:01.234567+02:00"})

    assert isinstance(record, AttemptRecord)
    assert record.ts == "2026-01-31T14:32:01.234Z"


def test_an_entry_with_text_that_utf8_cannot_carry(entry: dict[str, Any]) -> None:
    """It is brought into form at once: an exporter would drop all that it sends along with it."""
    odd = {"persona_id": "a\ud800", "anchors_used": ["\udfff"], "validator_scores": {"\ud800": 1}}
    record = record_from_entry(entry | odd)

    assert (record.persona_id, record.anchors_used) == ("a?", ["?"])
    assert record.validator_scores == {"?": 1.0}


@given(line=st.binary(max_size=200))
def test_any_bytes_are_a_record_or_refused(line: bytes) -> None:
    """No reader ever meets another error than the one that says why."""
    with pytest.raises(RecordError) as refused:
        decode_line(line)

    assert refused.value.reason
    assert "\n" not in refused.value.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(key=st.sampled_from(REQUIRED_KEYS), value=JSON)
def test_any_value_in_any_key_is_kept_or_refused(
    key: str, value: Any, example: dict[str, Any]
) -> None:
    """A line and an entry of the same values are taken or refused alike."""
    given_entry = example | {key: value}
    reasons = []
    for read in (lambda: record_from_entry(given_entry), lambda: decode_line(_line(given_entry))):
        try:
            assert decode_line(encode_line(read())) == read()
        except RecordError as error:
            reasons.append(error.reason)

    assert len(reasons) in (0, 2)
    assert all(key in reason or "JSON" in reason for reason in reasons)
