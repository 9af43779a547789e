"""Records for the tests of the aggregation: made one by one, and drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from otel_persona.records import AttemptRecord, format_timestamp

EPOCH = 1_769_869_921_234_000  # 2026-01-31T14:32:01.234Z in microseconds
NAMES = ["trait_leak", "opening_variation", "pollyanna", "anchor_specificity", "zeal"]


def _moments() -> st.SearchStrategy[str]:
    """Draw times of one hour, in every form that a reader accepts."""

    def in_form(drawn: tuple[int, str]) -> str:
        offset, form = drawn
        canonical = format_timestamp(EPOCH + offset * 1000)
        return canonical.removesuffix("Z") + form

    return st.tuples(st.integers(0, 3_600_000), st.sampled_from(["Z", "", "+00:00", "+05:30"])).map(
        in_form
    )


def _records(make_record: Callable[..., AttemptRecord]) -> st.SearchStrategy[AttemptRecord]:
    counts = st.integers(0, 2**53)
    scores = st.floats(allow_nan=False, allow_infinity=False)
    return st.builds(
        make_record,
        ts=_moments(),
        persona_id=st.tuples(st.integers(0, 4), st.integers(0, 20)).map(
            lambda parts: f"{parts[0] or ''}{parts[1]}"
        ),
        status=st.sampled_from(["success", "fail", "repair"]),
        latency_ms=st.one_of(st.integers(0, 3), counts),
        prompt_tokens=counts,
        completion_tokens=counts,
        repairs=st.lists(st.sampled_from(NAMES), max_size=2),
        validator_scores=st.dictionaries(st.sampled_from(NAMES), scores),
        opening_move=st.one_of(st.none(), st.sampled_from("abc")),
        anchors_used=st.lists(st.sampled_from(["piața", "zacuscă", "hram"]), max_size=3),
        model=st.one_of(st.none(), st.sampled_from(["small", "large"])),
    )


@pytest.fixture(scope="session")
def make_record(make_entry: Callable[..., dict[str, Any]]) -> Callable[..., AttemptRecord]:
    """Give a function that makes a plain record with the given fields."""
    return lambda **fields: AttemptRecord(**make_entry(**fields))


@pytest.fixture(scope="session")
def records(make_record: Callable[..., AttemptRecord]) -> st.SearchStrategy[AttemptRecord]:
    """Give a strategy for records that share few names, so that batches overlap."""
    return _records(make_record)
