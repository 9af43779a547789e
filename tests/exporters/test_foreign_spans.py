"""Spans of other tracers, processes and languages: rebuilt from their attributes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from opentelemetry.sdk.trace import ConcurrentMultiSpanProcessor, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import otel_persona as op
from otel_persona.exporters import AttemptFileExporter
from otel_persona.processors import AttemptSpanProcessor
from otel_persona.testing import capture

Counts = Callable[[str], dict[str, int]]
Read = Callable[..., Any]

SECOND = 1_000_000_000
FULL = {
    "persona.run.id": "25K_20260131_143200",
    "persona.id": "p1",
    "persona.stage": "C",
    "persona.attempt.number": 3,
    "persona.attempt.status": "repair",
    "persona.attempt.outcome": "ok",
    "persona.attempt.latency_ms": 1250,
    "persona.repairs": ("trait_leak", "opening_repetition"),
    "persona.validator.score.pollyanna": 0.7,
    "persona.validator.score.trait_leak": 0,
    "persona.opening_move": "situational_hook",
    "persona.constraint_categories": ("time_pressure",),
    "persona.anchors_used": ("piața din Cahul", "zacuscă"),
    "persona.attempt.error": "ValueError: no",
    "persona.tier": "25K",
    "persona.target": "backgrounds",
    "persona.symbol": "md",
    "gen_ai.usage.input_tokens": 450,
    "gen_ai.usage.output_tokens": 320,
    "gen_ai.request.model": "llama2-70b",
}
NEEDED = {
    key: FULL[key]
    for key in ("persona.run.id", "persona.id", "persona.stage", "persona.attempt.status")
}


def _end(provider: TracerProvider, attributes: dict[str, Any], name: str = "whatever") -> Any:
    span = provider.get_tracer("elsewhere").start_span(name, start_time=1_769_869_920 * SECOND)
    span.set_attributes(attributes)
    span.end(1_769_869_921 * SECOND + 234_567_890)
    return span


def test_every_attribute_becomes_a_key(
    writing: Callable[..., Any], read: Read, tmp_path: Path
) -> None:
    """A span with the contract's attributes gives the line that its attempt would have given."""
    log = tmp_path / "generation.log"
    span = _end(writing(log), FULL)

    (record,) = read(log).records

    context = span.get_span_context()
    assert msgspec.to_builtins(record) == {
        "ts": "2026-01-31T14:32:01.234Z",
        "run_id": "25K_20260131_143200",
        "persona_id": "p1",
        "stage": "C",
        "attempt": 3,
        "status": "repair",
        "latency_ms": 1250,
        "prompt_tokens": 450,
        "completion_tokens": 320,
        "repairs": ["trait_leak", "opening_repetition"],
        "validator_scores": {"pollyanna": 0.7, "trait_leak": 0.0},
        "opening_move": "situational_hook",
        "constraint_categories": ["time_pressure"],
        "anchors_used": ["piața din Cahul", "zacuscă"],
        "error": "ValueError: no",
        "tier": "25K",
        "target": "backgrounds",
        "symbol": "md",
        "model": "llama2-70b",
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
    }


def test_what_is_not_there_has_a_plain_value(
    writing: Callable[..., Any], read: Read, tmp_path: Path
) -> None:
    """The first attempt, no tokens, the span's own duration: what may be absent does no harm."""
    log = tmp_path / "generation.log"
    _end(writing(log), NEEDED)

    (record,) = read(log).records

    assert record.attempt == 1
    assert record.latency_ms == 1234
    assert (record.prompt_tokens, record.completion_tokens) == (0, 0)
    assert (record.repairs, record.validator_scores, record.anchors_used) == ([], {}, [])
    assert (record.opening_move, record.error, record.tier) == (None, None, None)


@pytest.mark.parametrize("missing", ["persona.stage", "persona.attempt.status"])
def test_spans_that_are_no_attempts_are_ignored(
    writing: Callable[..., Any], read: Read, tmp_path: Path, counts: Counts, missing: str
) -> None:
    """Other spans leave no line, and nothing to complain about."""
    log = tmp_path / "generation.log"
    provider = writing(log)
    _end(provider, {key: value for key, value in FULL.items() if key != missing})
    _end(provider, {})
    assert not log.exists()

    _end(provider, FULL)

    assert len(read(log).records) == 1
    assert counts("lost") == counts("warned") == {}


@pytest.mark.parametrize(
    ("attribute", "value", "reason"),
    [
        ("persona.attempt.status", "done", "status"),
        ("persona.attempt.number", 0, "attempt"),
        ("persona.attempt.number", "1", "attempt"),
        ("persona.attempt.latency_ms", -1, "latency_ms"),
        ("gen_ai.usage.input_tokens", -1, "prompt_tokens"),
        ("gen_ai.usage.output_tokens", True, "completion_tokens"),
        ("persona.repairs", "trait_leak", "repairs"),
        ("persona.repairs", 7, "repairs"),
        ("persona.anchors_used", (1, 2), "anchors_used"),
        ("persona.validator.score.pollyanna", "high", "validator_scores"),
        ("persona.validator.score.pollyanna", float("nan"), "pollyanna"),
        ("persona.validator.score.pollyanna", float("inf"), "pollyanna"),
        ("persona.id", 17, "persona_id"),
        ("persona.opening_move", ("a", "b"), "opening_move"),
    ],
)
def test_a_span_that_makes_no_valid_record_is_named_and_counted(
    writing: Callable[..., Any],
    read: Read,
    tmp_path: Path,
    counts: Counts,
    caplog: pytest.LogCaptureFixture,
    attribute: str,
    value: Any,
    reason: str,
) -> None:
    """No line that a reader would refuse is ever written; the reason is told once."""
    log = tmp_path / "generation.log"
    provider = writing(log)
    _end(provider, {**FULL, attribute: value})
    _end(provider, {**FULL, attribute: value})
    _end(provider, FULL)

    assert len(read(log).records) == 1
    assert read(log).skipped == []
    assert counts("lost") == {"invalid_span": 2}
    (message,) = caplog.messages
    assert reason in message


@pytest.mark.parametrize("missing", ["persona.run.id", "persona.id"])
def test_a_span_that_lacks_what_a_record_needs(
    writing: Callable[..., Any], tmp_path: Path, counts: Counts, missing: str
) -> None:
    """An attempt without a run or a persona is counted as lost."""
    log = tmp_path / "generation.log"
    _end(writing(log), {key: value for key, value in FULL.items() if key != missing})

    assert not log.exists()
    assert counts("lost") == {"invalid_span": 1}


@op.attempt(stage="C")
def generate(persona_id: str) -> None:
    """Record something of everything."""
    attempt = op.current_attempt()
    attempt.record_usage(prompt_tokens=450, completion_tokens=320, model="llama2-70b")
    attempt.record_repair("trait_leak", "opening_repetition")
    attempt.record_scores({"pollyanna": 0.7, "trait_leak": 0.0})
    attempt.record_opening_move("situational_hook")
    attempt.record_constraints("time_pressure", "family_duty")
    attempt.record_anchors(
        *[f"{number} piața din Cahul, a long way from home" for number in range(40)]
    )


def test_limits_cut_the_span_and_never_the_line_of_this_process(
    tmp_path: Path, read: Read, counts: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the smallest limits that the SDK takes, each line is as whole as without any."""
    generate_once = {}
    for name, limit in (("whole", None), ("cut", "1")):
        for variable in ("ATTRIBUTE_COUNT_LIMIT", "ATTRIBUTE_VALUE_LENGTH_LIMIT"):
            if limit:
                monkeypatch.setenv(f"OTEL_SPAN_{variable}", limit)
        log = tmp_path / f"{name}.log"
        with capture(run_id="25K_20260131_143200", log=log) as captured:
            generate("p1")
        assert len(captured.spans[0].attributes or {}) <= (1 if limit else 128)
        (record,) = read(log).records
        generate_once[name] = msgspec.structs.replace(
            record, ts="", latency_ms=0, trace_id=None, span_id=None
        )

    assert generate_once["cut"] == generate_once["whole"]
    assert counts("warned") == {}


class _Elsewhere(SpanExporter):
    """Keeps spans past their end, as an exporter behind a batch processor gets them."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def export(self, spans: Any) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


def _late(limits: SpanLimits, path: Path) -> Any:
    """Run an attempt under these limits, and write its line when it is long over."""
    elsewhere = _Elsewhere()
    provider = TracerProvider(span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(elsewhere))
    handle = op.configure(run_id="25K_20260131_143200", tracer_provider=provider)
    generate("p1")
    handle.shutdown()
    exporter = AttemptFileExporter(path)
    result = exporter.export(elsewhere.spans)
    exporter.shutdown()
    return result


@pytest.mark.parametrize("limit", range(7, 15))
def test_a_limit_takes_first_what_a_record_can_do_without(
    tmp_path: Path, read: Read, counts: Counts, limit: int
) -> None:
    """A record rebuilt from a span that was cut is still one, and it is counted that it was."""
    log = tmp_path / "generation.log"
    result = _late(SpanLimits(max_span_attributes=limit), log)

    (record,) = read(log).records
    assert result is SpanExportResult.SUCCESS
    assert (record.run_id, record.persona_id) == ("25K_20260131_143200", "p1")
    assert (record.stage, record.attempt, record.status) == ("C", 1, "success")
    assert counts("warned") == {"attributes_cut": 1}
    assert counts("lost") == {}


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_an_attempt_that_was_cut_beyond_use_is_counted(
    tmp_path: Path, counts: Counts, limit: int
) -> None:
    """Where even the run or the stage has gone there is no line, but a count."""
    log = tmp_path / "generation.log"
    result = _late(SpanLimits(max_span_attributes=limit), log)

    assert result is SpanExportResult.FAILURE
    assert not log.exists()
    assert counts("lost") == {"invalid_span": 1}


def test_a_value_that_a_limit_has_shortened(tmp_path: Path, read: Read) -> None:
    """Rebuilt from a span with short values the line has short values: nobody can see the rest."""
    log = tmp_path / "generation.log"
    _late(SpanLimits(max_span_attribute_length=10), log)

    (record,) = read(log).records
    assert record.anchors_used == [f"{number} piața din"[:10] for number in range(40)]
    assert record.run_id == "25K_202601"


@pytest.mark.parametrize("processor", [SimpleSpanProcessor, BatchSpanProcessor])
def test_the_exporter_works_behind_the_stock_processors(
    tmp_path: Path, read: Read, processor: Any
) -> None:
    """Sampled attempts have the same line there as behind our own, also at shutdown alone."""
    ours, theirs = tmp_path / "ours.log", tmp_path / "theirs.log"
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor(AttemptFileExporter(theirs)))
    handle = op.configure(run_id="25K_20260131_143200", log=ours, tracer_provider=provider)
    for number in range(20):
        generate(str(number))
    handle.shutdown()
    provider.shutdown()

    assert read(theirs).records == read(ours).records
    assert len(read(ours).records) == 20


def test_unsampled_attempts_need_our_processor(tmp_path: Path, read: Read) -> None:
    """The stock processors skip what was not sampled; ours does not."""
    ours, theirs = tmp_path / "ours.log", tmp_path / "theirs.log"
    provider = TracerProvider(ALWAYS_OFF, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(AttemptFileExporter(theirs)))
    handle = op.configure(run_id="25K_20260131_143200", log=ours, tracer_provider=provider)
    generate("p1")
    handle.shutdown()
    provider.shutdown()

    assert read(ours).ids == ["p1"]
    assert not theirs.exists()


def test_processors_that_run_in_threads_of_their_own(tmp_path: Path, read: Read) -> None:
    """Behind the SDK's concurrent processor the record is still the attempt's own."""
    log = tmp_path / "generation.log"
    limits = SpanLimits(max_span_attributes=1)
    provider = TracerProvider(
        span_limits=limits,
        active_span_processor=ConcurrentMultiSpanProcessor(num_threads=3),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(AttemptSpanProcessor(AttemptFileExporter(tmp_path / "by hand.log")))
    handle = op.configure(run_id="25K_20260131_143200", log=log, tracer_provider=provider)
    for number in range(20):
        generate(str(number))
    handle.shutdown()
    provider.shutdown()

    expected = [str(number) for number in range(20)]
    assert read(log).ids == expected
    assert read(tmp_path / "by hand.log").ids == expected
    assert {len(record.anchors_used) for record in read(log).records} == {40}


def test_an_exporter_that_raises_is_told_and_counted(
    counts: Counts, caplog: pytest.LogCaptureFixture
) -> None:
    """Our processor shields the generation from the exporter it was given."""

    class Broken(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            raise OSError("the exporter is broken")

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(AttemptSpanProcessor(Broken()))
    _end(provider, FULL)
    _end(provider, FULL)

    assert counts("lost") == {"internal": 2}
    assert sum("the exporter is broken" in line for line in caplog.messages) == 1
