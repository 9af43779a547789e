"""Turns a record into span attributes, and rebuilds one from a foreign span's attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from otel_persona.errors import RecordError
from otel_persona.mismatches import find_mismatch
from otel_persona.records.attempt_record import AttemptRecord
from otel_persona.semconv import Attribute

AttributeValue = str | int | float | Sequence[str]


def to_attributes(
    record: AttemptRecord, *, outcome: str, error_type: str | None, usage_known: bool
) -> dict[str, AttributeValue]:
    """Return ``record`` as span attributes, without empty or unknown fields."""
    prefix = Attribute.SCORE_PREFIX
    attributes: dict[str, AttributeValue] = {
        prefix + name: score for name, score in record.validator_scores.items()
    }
    _add_optional(attributes, record)
    if error_type is not None:
        attributes[Attribute.ERROR_TYPE] = error_type
    if usage_known:
        attributes[Attribute.INPUT_TOKENS] = record.prompt_tokens
        attributes[Attribute.OUTPUT_TOKENS] = record.completion_tokens
    # The SDK's limit on a span's attributes keeps the last ones, so those that every record needs
    # come last.
    attributes[Attribute.LATENCY] = record.latency_ms
    attributes[Attribute.OUTCOME] = outcome
    attributes[Attribute.NUMBER] = record.attempt
    attributes[Attribute.RUN_ID] = record.run_id
    attributes[Attribute.PERSONA_ID] = record.persona_id
    attributes[Attribute.STATUS] = record.status
    attributes[Attribute.STAGE] = record.stage
    return attributes


def _add_optional(attributes: dict[str, AttributeValue], record: AttemptRecord) -> None:
    if record.repairs:
        attributes[Attribute.REPAIRS] = record.repairs
    if record.opening_move is not None:
        attributes[Attribute.OPENING_MOVE] = record.opening_move
    if record.constraint_categories:
        attributes[Attribute.CONSTRAINTS] = record.constraint_categories
    if record.anchors_used:
        attributes[Attribute.ANCHORS] = record.anchors_used
    if record.error is not None:
        attributes[Attribute.ERROR] = record.error
    if record.tier is not None:
        attributes[Attribute.TIER] = record.tier
    if record.target is not None:
        attributes[Attribute.TARGET] = record.target
    if record.symbol is not None:
        attributes[Attribute.SYMBOL] = record.symbol
    if record.model is not None:
        attributes[Attribute.REQUEST_MODEL] = record.model


def is_attempt(attributes: Mapping[str, Any]) -> bool:
    """Return whether these are the attributes of a finished attempt."""
    return Attribute.STAGE in attributes and Attribute.STATUS in attributes


def from_attributes(
    attributes: Mapping[str, Any], *, ts: str, latency_ms: int, trace_id: str, span_id: str
) -> AttemptRecord:
    """Rebuild the record of an attempt from its span, for spans of other processes or languages.

    ``latency_ms`` is the span's own duration, used if the attribute is absent. Raises
    ``RecordError`` if the attributes do not make a valid record.
    """
    get = attributes.get
    prefix = Attribute.SCORE_PREFIX
    fields = {
        "ts": ts,
        "run_id": get(Attribute.RUN_ID),
        "persona_id": get(Attribute.PERSONA_ID),
        "stage": get(Attribute.STAGE),
        "attempt": get(Attribute.NUMBER, 1),
        "status": get(Attribute.STATUS),
        "latency_ms": get(Attribute.LATENCY, latency_ms),
        "prompt_tokens": get(Attribute.INPUT_TOKENS, 0),
        "completion_tokens": get(Attribute.OUTPUT_TOKENS, 0),
        "repairs": get(Attribute.REPAIRS, ()),
        "validator_scores": {
            name.removeprefix(prefix): score
            for name, score in attributes.items()
            if name.startswith(prefix)
        },
        "opening_move": get(Attribute.OPENING_MOVE),
        "constraint_categories": get(Attribute.CONSTRAINTS, ()),
        "anchors_used": get(Attribute.ANCHORS, ()),
        "error": get(Attribute.ERROR),
        "tier": get(Attribute.TIER),
        "target": get(Attribute.TARGET),
        "symbol": get(Attribute.SYMBOL),
        "model": get(Attribute.REQUEST_MODEL),
        "trace_id": trace_id,
        "span_id": span_id,
    }
    try:
        return msgspec.convert(fields, AttemptRecord)
    except msgspec.ValidationError as error:
        raise RecordError(str(find_mismatch(fields, AttemptRecord) or error)) from None
