"""The span of an attempt: its name, its place, and every field of the record as an attribute."""

from __future__ import annotations

import contextlib

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

import otel_persona as op
from otel_persona import semconv
from otel_persona.records import AttemptRecord
from otel_persona.testing import Captured, capture


@op.attempt(stage="B", target="t", symbol="s", model="m")
def everything(persona_id: str) -> None:
    """Record everything that there is."""
    a = op.current_attempt()
    a.record_usage(prompt_tokens=450, completion_tokens=320)
    a.record_repair("trait_leak", "opening_repetition")
    a.record_scores({"pollyanna": 0.7, "trait_leak": 0})
    a.record_opening_move("situational_hook")
    a.record_constraints("time_pressure")
    a.record_anchors("piața din Cahul", "zacuscă")
    a.fail("no good")


def attributes_of(record: AttemptRecord) -> dict[str, object]:
    """Write a record's fields as the contract says their attributes are."""
    return {
        "persona.run.id": record.run_id,
        "persona.id": record.persona_id,
        "persona.stage": record.stage,
        "persona.attempt.number": record.attempt,
        "persona.attempt.status": record.status,
        "persona.attempt.latency_ms": record.latency_ms,
        "persona.attempt.error": record.error,
        "persona.repairs": tuple(record.repairs),
        "persona.opening_move": record.opening_move,
        "persona.constraint_categories": tuple(record.constraint_categories),
        "persona.anchors_used": tuple(record.anchors_used),
        "persona.tier": record.tier,
        "persona.target": record.target,
        "persona.symbol": record.symbol,
        "gen_ai.usage.input_tokens": record.prompt_tokens,
        "gen_ai.usage.output_tokens": record.completion_tokens,
        "gen_ai.request.model": record.model,
        **{f"persona.validator.score.{k}": v for k, v in record.validator_scores.items()},
    }


def test_every_field_is_an_attribute() -> None:
    """The span alone tells as much as the line, under the names of the contract."""
    with capture(run_id="25K_1", tier="25K") as captured:
        everything("p")
    [record], [span] = captured.records, captured.spans
    assert span.attributes == {
        **attributes_of(record),
        "persona.attempt.outcome": "error",
    }
    assert span.name == "generate_persona B"
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == semconv.SCOPE_NAME
    assert span.kind is trace.SpanKind.INTERNAL
    assert span.context is not None
    assert record.trace_id == f"{span.context.trace_id:032x}"
    assert record.span_id == f"{span.context.span_id:016x}"


def test_every_attribute_is_described() -> None:
    """What a span carries is in the table of signals, and the other way round."""
    with capture(tier="25K") as captured:
        everything("p")
        with contextlib.suppress(ValueError), op.attempt(stage="B"):
            raise ValueError
    carried = {name for span in captured.spans for name in span.attributes or {}}
    prefix = semconv.Attribute.SCORE_PREFIX
    shown = {prefix + "<name>" if name.startswith(prefix) else name for name in carried}
    assert shown == {described.name for described in semconv.ATTEMPT_ATTRIBUTES}


def test_what_is_empty_or_unknown_is_left_out(captured: Captured) -> None:
    """No empty lists, no unknown tokens, no error on a success."""
    with op.attempt(stage="B", persona_id="p"):
        pass
    assert set(captured.spans[0].attributes or {}) == {
        "persona.run.id",
        "persona.id",
        "persona.stage",
        "persona.attempt.number",
        "persona.attempt.status",
        "persona.attempt.outcome",
        "persona.attempt.latency_ms",
    }


def test_the_callers_own_attributes_and_events_stay(captured: Captured) -> None:
    """``span`` is the caller's too."""
    with op.attempt(stage="B") as attempt:
        attempt.span.set_attribute("mine", 1)
        attempt.span.add_event("retried")
        trace.get_current_span().set_attribute("also.mine", 2)
    [span] = captured.spans
    assert span.attributes is not None
    assert (span.attributes["mine"], span.attributes["also.mine"]) == (1, 2)
    assert [event.name for event in span.events] == ["retried"]


def test_limits_of_the_span_do_not_touch_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider with small limits cuts the span, never the record."""
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "3")
    monkeypatch.setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4")
    with capture() as captured:
        everything("a long name")
    [record], [span] = captured.records, captured.spans
    assert len(span.attributes or {}) == 3
    assert record.persona_id == "a long name"
    assert record.anchors_used == ["piața din Cahul", "zacuscă"]
    assert (record.prompt_tokens, record.completion_tokens) == (450, 320)
    assert record.validator_scores == {"pollyanna": 0.7, "trait_leak": 0.0}


def test_unsampled_attempts_are_recorded_all_the_same() -> None:
    """With a sampler that drops everything, records and figures are whole, and no trace leaves."""
    exporter = InMemorySpanExporter()
    with capture(sampler=TraceIdRatioBased(0), batch="attempts:2") as captured:
        captured.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
        for index in range(4):
            everything(str(index))
        with captured.tracer().start_as_current_span("of another"):
            pass
        attempts = captured.metric("persona.attempts")
    assert exporter.get_finished_spans() == ()
    assert [record.persona_id for record in captured.records] == ["0", "1", "2", "3"]
    assert {(record.trace_id, record.span_id) for record in captured.records} == {(None, None)}
    assert len(captured.batches) == 2
    assert sum(point.value for point in attempts.values()) == 4
    assert {span.name for span in captured.spans} == {"generate_persona B"}
    assert not any(span.context.trace_flags.sampled for span in captured.spans if span.context)
