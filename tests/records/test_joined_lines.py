"""A fragment that a kill has left, and the line that follows on it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.records import decode_line, encode_line, read_line, record_from_entry


@given(data=st.data())
def test_a_whole_line_behind_any_fragment_is_recovered(data: st.DataObject, records: Any) -> None:
    """Cut a line anywhere, put another behind it: that one is read, and the fragment is told."""
    broken, whole = encode_line(data.draw(records)), data.draw(records)
    cut = data.draw(st.integers(1, len(broken) - 1))

    record, reason = read_line(broken[:cut] + encode_line(whole))

    assert record == whole
    assert reason is not None
    assert str(cut) in reason


@given(data=st.data())
def test_several_fragments_before_a_whole_line(data: st.DataObject, records: Any) -> None:
    """Several writers may have been killed before one got its line out."""
    lines = [encode_line(record) for record in data.draw(st.lists(records, max_size=3))]
    fragments = b"".join(line[: data.draw(st.integers(1, len(line) - 1))] for line in lines)
    whole = data.draw(records)

    record, reason = read_line(fragments + encode_line(whole))

    assert record == whole
    assert (reason is None) == (not lines)


@given(data=st.data())
def test_a_fragment_alone_is_no_record(data: st.DataObject, records: Any) -> None:
    """A line that was cut gives a reason, and never a record of another's pieces."""
    line = encode_line(data.draw(records))

    record, reason = read_line(line[: data.draw(st.integers(0, len(line) - 3))])

    assert record is None
    assert reason


@given(data=st.data())
def test_a_whole_line_is_left_alone(data: st.DataObject, records: Any) -> None:
    """Nothing is told of a line that can be read."""
    line = encode_line(data.draw(records))

    assert read_line(line) == (decode_line(line), None)


def test_lines_of_other_writers_are_recovered_too(entry: dict[str, Any]) -> None:
    """The specification's own logger puts a blank behind each colon."""
    line = json.dumps(entry, ensure_ascii=False).encode()

    record, reason = read_line(line[:100] + line + b"\n")

    assert record == record_from_entry(entry)
    assert reason is not None


def test_a_score_called_ts_does_not_hide_the_record(entry: dict[str, Any]) -> None:
    """An object inside a record may begin as a record does, and is none."""
    line = encode_line(record_from_entry(entry | {"validator_scores": {"ts": 0.5}}))

    record, _ = read_line(line[:40] + line)

    assert record is not None
    assert record.validator_scores == {"ts": 0.5}


@pytest.mark.parametrize("text", ['{"ts":"', '{"ts": "2026-01-31T14:32:01.234Z"}', '\\{"ts":"'])
def test_text_that_looks_like_a_line_does_not_hide_the_record(
    entry: dict[str, Any], text: str
) -> None:
    """Inside a text the quotes are escaped."""
    line = encode_line(record_from_entry(entry | {"anchors_used": [text]}))

    record, _ = read_line(line[:40] + line)

    assert record is not None
    assert record.anchors_used == [text]


def test_the_reason_is_that_of_the_line_where_nothing_is_recovered(entry: dict[str, Any]) -> None:
    """Two fragments tell of the first fault."""
    line = encode_line(record_from_entry(entry))

    record, reason = read_line(line[:40] + line[:60])

    assert record is None
    assert reason is not None
    assert "not JSON" in reason
