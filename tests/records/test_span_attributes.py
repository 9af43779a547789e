"""A record on a span, and back: what a foreign span carries makes the same record."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.errors import RecordError
from otel_persona.records import format_timestamp, parse_timestamp
from otel_persona.records.attributes import from_attributes, is_attempt, to_attributes
from otel_persona.semconv import ATTEMPT_ATTRIBUTES, Attribute


@given(data=st.data())
def test_a_record_comes_back_from_its_attributes(data: st.DataObject, records: Any) -> None:
    """Every field of the line travels on the span."""
    record = data.draw(records)
    attributes = to_attributes(record, outcome="ok", error_type=None, usage_known=True)

    back = from_attributes(
        attributes,
        ts=record.ts,
        latency_ms=0,
        trace_id=record.trace_id or "0",
        span_id=record.span_id or "0",
    )

    assert is_attempt(attributes)
    assert msgspec.structs.replace(back, trace_id=None, span_id=None) == msgspec.structs.replace(
        record, trace_id=None, span_id=None
    )


@given(data=st.data())
def test_attributes_have_documented_names_and_allowed_types(
    data: st.DataObject, records: Any
) -> None:
    """Nothing is on a span that the table of names lacks, and nothing that the SDK drops."""
    record = data.draw(records)
    attributes = to_attributes(record, outcome="error", error_type="ValueError", usage_known=True)

    documented = {described.name for described in ATTEMPT_ATTRIBUTES}
    for name, value in attributes.items():
        if name.startswith(Attribute.SCORE_PREFIX):
            name = Attribute.SCORE_PREFIX + "<name>"
        assert name in documented
        assert value is not None
        assert value != []
        assert isinstance(value, str | int | float | list)


def test_unknown_usage_is_left_out(entry: dict[str, Any]) -> None:
    """Zero tokens in the line may mean that nobody knows; a span then says nothing."""
    record = from_attributes(
        {
            "persona.run.id": "25K",
            "persona.id": "1",
            "persona.stage": "B",
            "persona.attempt.status": "success",
        },
        ts=format_timestamp(parse_timestamp(entry["ts"])),
        latency_ms=5,
        trace_id="0",
        span_id="0",
    )

    attributes = to_attributes(record, outcome="ok", error_type=None, usage_known=False)

    assert "gen_ai.usage.input_tokens" not in attributes
    assert "gen_ai.usage.output_tokens" not in attributes


def test_attributes_that_make_no_record_are_named() -> None:
    """The reason says which field is wrong."""
    with pytest.raises(RecordError, match="run_id"):
        from_attributes({}, ts="", latency_ms=0, trace_id="", span_id="")
