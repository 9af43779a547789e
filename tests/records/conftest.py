"""Records drawn at random, in all that the specification allows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import strategies as st

from otel_persona.records import AttemptRecord

KEYS = [
    "ts",
    "run_id",
    "persona_id",
    "stage",
    "attempt",
    "status",
    "latency_ms",
    "prompt_tokens",
    "completion_tokens",
    "repairs",
    "validator_scores",
    "opening_move",
    "constraint_categories",
    "anchors_used",
    "error",
]
OPTIONAL = ["tier", "target", "symbol", "model", "trace_id", "span_id"]

ENTRY: dict[str, Any] = {
    "ts": "2026-01-31T14:32:01.234Z",
    "run_id": "25K_20260131_143200",
    "persona_id": "uuid-or-sequence",
    "stage": "B",
    "attempt": 1,
    "status": "success",
    "latency_ms": 1250,
    "prompt_tokens": 450,
    "completion_tokens": 320,
    "repairs": ["trait_leak", "opening_repetition"],
    "validator_scores": {"trait_leak": 0, "opening_variation": 1, "pollyanna": 0.7},
    "opening_move": "situational_hook",
    "constraint_categories": ["time_pressure", "family_duty"],
    "anchors_used": ["piața din Cahul", "zacuscă"],
    "error": None,
}


# A day from the ends of the calendar no offset leads out of it.
_MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.timezones())


def _records(text: st.SearchStrategy[str]) -> st.SearchStrategy[AttemptRecord]:
    counts = st.integers(0, 2**53)
    return st.builds(
        AttemptRecord,
        ts=_MOMENTS.map(lambda moment: moment.isoformat()),
        run_id=text,
        persona_id=text,
        stage=text,
        attempt=st.integers(1, 2**53),
        status=st.sampled_from(["success", "fail", "repair"]),
        latency_ms=counts,
        prompt_tokens=counts,
        completion_tokens=counts,
        repairs=st.lists(text, max_size=4),
        validator_scores=st.dictionaries(
            st.one_of(st.just("ts"), text),
            st.floats(allow_nan=False, allow_infinity=False),
            max_size=4,
        ),
        opening_move=st.none() | text,
        constraint_categories=st.lists(text, max_size=4),
        anchors_used=st.lists(text, max_size=4),
        error=st.none() | text,
        **{key: st.none() | text for key in OPTIONAL},
    )


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ['{"ts":"', '{"ts": "x"}', "\n", "\r\n", "\u2028", "\\", "\x00", "👩‍🌾", "piața din Cahul"]
)


@pytest.fixture(scope="session")
def records() -> st.SearchStrategy[AttemptRecord]:
    """Give a strategy for records with any text that UTF-8 can carry."""
    return _records(ANY_TEXT)


@pytest.fixture(scope="session")
def odd_records() -> st.SearchStrategy[AttemptRecord]:
    """Give a strategy for records with any text at all, lone surrogates included."""
    return _records(st.text(st.characters()))


@pytest.fixture
def entry() -> dict[str, Any]:
    """Give the specification's own example of an attempt."""
    return dict(ENTRY)


@pytest.fixture(scope="session")
def example() -> dict[str, Any]:
    """Give the same example, which nobody may change."""
    return ENTRY


@pytest.fixture(scope="session")
def keys() -> list[str]:
    """Give the 15 keys in the specification's order."""
    return KEYS


@pytest.fixture(scope="session")
def optional_keys() -> list[str]:
    """Give the keys that may follow, in their order."""
    return OPTIONAL
