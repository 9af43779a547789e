"""The record of one attempt: the specification's 15 keys, then the optional ones."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import msgspec

Status = Literal["success", "fail", "repair"]
"""How an attempt ended, as its line puts it."""

LARGEST_COUNT = 2**53
"""The largest count in a record; any JSON reader keeps whole numbers up to it exact."""

_Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)]
_AttemptNumber = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_COUNT)]
# JSON can carry neither NaN nor infinity.
_Score = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]


class AttemptRecord(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One finished attempt to generate a persona.

    The first 15 fields are always written, in this order; the others only if they are set. Counts
    and ``latency_ms`` (milliseconds) are whole numbers from 0 to ``LARGEST_COUNT``; ``attempt``
    starts at 1. ``ts`` is the moment the attempt ended, in ISO 8601. Scores are documented as 0 to
    1, but any finite number is kept.
    """

    ts: str
    run_id: str
    persona_id: str
    stage: str
    attempt: _AttemptNumber
    status: Status
    latency_ms: _Count
    prompt_tokens: _Count
    completion_tokens: _Count
    repairs: list[str]
    validator_scores: dict[str, _Score]
    opening_move: str | None
    constraint_categories: list[str]
    anchors_used: list[str]
    error: str | None

    tier: str | None = None
    target: str | None = None
    symbol: str | None = None
    model: str | None = None
    trace_id: str | None = None
    span_id: str | None = None


REQUIRED_KEYS = AttemptRecord.__struct_fields__[:15]
"""The 15 keys that every line has, in order."""
