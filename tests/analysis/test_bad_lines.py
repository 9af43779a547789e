"""What a log may hold beside whole lines: each is named, and the rest is read."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from otel_persona.analysis.log_files import LONGEST_LINE_BYTES
from otel_persona.records import REQUIRED_KEYS

Line = Callable[..., bytes]


def _changed(line: Line, **fields: Any) -> bytes:
    return json.dumps(json.loads(line()) | fields).encode() + b"\n"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"not json\n", "not JSON: "),
        (b"{}\n", "the key 'ts' is missing"),
        (b"[1, 2]\n", "not a JSON object but "),
        (b"null\n", "not a JSON object but null"),
        (b'{"ts": "\xff"}\n', "UTF-8"),
        (b"\x00\x00\x00\x00\n", "not JSON: "),
        (b'{"x": ' + b"[" * 100_000 + b"\n", "nested too deeply"),
    ],
    ids=["no json", "no keys", "an array", "null", "not UTF-8", "zeros", "nested"],
)
def test_a_line_that_is_no_record_is_named(
    bad: bytes, reason: str, line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """File, line and reason are told, and the lines around it count."""
    path = log(line(persona_id="1"), bad, line(persona_id="2"))
    records, skipped = read(path)
    assert [record.persona_id for record in records] == ["1", "2"]
    assert [(skip.file, skip.line) for skip in skipped] == [(path, 2)]
    assert reason in skipped[0].reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ts", "yesterday"),
        ("ts", 5),
        ("run_id", None),
        ("persona_id", 7),
        ("status", "done"),
        ("attempt", 0),
        ("attempt", 1.5),
        ("attempt", True),
        ("latency_ms", -1),
        ("prompt_tokens", -1),
        ("completion_tokens", "320"),
        ("repairs", "trait_leak"),
        ("repairs", [1]),
        ("validator_scores", {"pollyanna": "high"}),
        ("validator_scores", {"pollyanna": float("nan")}),
        ("validator_scores", {"pollyanna": float("inf")}),
        ("validator_scores", []),
        ("opening_move", 3),
        ("constraint_categories", None),
        ("anchors_used", [None]),
        ("error", 1),
    ],
)
def test_a_value_that_is_not_as_specified_is_named(
    field: str, value: Any, line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """Each key of the specification is checked, and nothing is guessed."""
    records, skipped = read(log(_changed(line, **{field: value}), line()))
    assert len(records) == 1
    assert [skip.line for skip in skipped] == [1]


@pytest.mark.parametrize("key", REQUIRED_KEYS)
def test_a_missing_key_is_named(
    key: str, line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """All 15 keys must be there, those that may be null too."""
    entry = json.loads(line())
    del entry[key]
    records, skipped = read(log(json.dumps(entry).encode()))
    assert records == []
    assert skipped[0].reason == f"the key {key!r} is missing"


def test_keys_that_are_not_known_are_ignored(
    line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """A newer writer's lines can be read."""
    records, skipped = read(log(_changed(line, later="x")))
    assert (len(records), skipped) == (1, [])


def test_what_surrounds_lines_is_no_fault(
    line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """A byte order mark, empty lines, carriage returns and a missing last newline are fine."""
    parts = (b"\xef\xbb\xbf", line(), b"\n", b"  \r\n", line().rstrip(b"\n") + b"\r\n", b"\t\n")
    records, skipped = read(log(*parts, line().rstrip(b"\n")))
    assert (len(records), skipped) == (3, [])


def test_a_byte_order_mark_belongs_at_the_start(
    line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """Further down it is a fragment before a whole record."""
    records, skipped = read(log(line(), b"\xef\xbb\xbf", line()))
    assert len(records) == 2
    assert [(skip.line, skip.reason) for skip in skipped] == [
        (2, "a fragment of 3 bytes before a whole record")
    ]


@pytest.mark.parametrize("cut", [1, 5, 6, 100, -2])
def test_a_record_after_a_fragment_is_recovered(
    cut: int, line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """A process killed inside a write costs its own line alone."""
    fragment = line(persona_id="killed")[:cut]
    records, skipped = read(log(line(persona_id="1"), fragment, line(persona_id="2"), line()))
    assert [record.persona_id for record in records] == ["1", "2", "1"]
    assert [skip.line for skip in skipped] == [2]
    assert f"fragment of {len(fragment)} bytes" in skipped[0].reason


def test_a_fragment_at_the_end_is_named(
    line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """The line that a run was killed in is not silently dropped."""
    records, skipped = read(log(line(), line()[:50]))
    assert len(records) == 1
    assert [skip.line for skip in skipped] == [2]


def test_lines_do_not_depend_on_where_reads_end(
    line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """Megabytes of lines of every length come out whole and in order."""
    path = log(*(line(persona_id=str(n), error="x" * (n * 37 % 4001)) for n in range(2_500)))
    assert os.stat(path).st_size > 4 << 20
    records, skipped = read(path)
    assert [record.persona_id for record in records] == [str(n) for n in range(2_500)]
    assert skipped == []


def test_a_line_without_end_is_bounded(
    line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """What a power cut leaves, megabytes of zeros, is one bad line; a record after it is found."""
    size = 6 * LONGEST_LINE_BYTES
    path = log(line(), bytes(LONGEST_LINE_BYTES + 1), b"\n", bytes(size), line(), line())
    tracemalloc.start()
    records, skipped = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size
    assert len(records) == 3
    assert [skip.line for skip in skipped] == [2, 3]
    assert {skip.reason for skip in skipped} == {"longer than 16 MiB"}
