"""Sampling decides which traces leave the machine, and never what is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)

import otel_persona as op
from otel_persona.aggregation import BatchSummary

Generate = Callable[..., Any]
Read = Callable[[Path], Any]


class Run(NamedTuple):
    """A provider with a stock exporter, the log, and the batches that have closed."""

    provider: TracerProvider
    exporter: InMemorySpanExporter
    log: Path
    batches: list[BatchSummary]
    finish: Callable[[], object]


@pytest.fixture
def sampled_by(tmp_path: Path) -> Iterator[Callable[[Sampler], Run]]:
    """Give a function that sets up a pipeline whose provider samples so."""
    runs: list[Run] = []

    def make(sampler: Sampler, **options: Any) -> Run:
        provider, exporter = TracerProvider(sampler, shutdown_on_exit=False), InMemorySpanExporter()
        provider.add_span_processor(BatchSpanProcessor(exporter))
        log, batches = tmp_path / "generation.log", list[BatchSummary]()
        handle = op.configure(
            run_id="25K", log=log, tracer_provider=provider, on_batch=batches.append, **options
        )

        def finish() -> None:
            assert handle.shutdown()
            assert provider.force_flush()

        runs.append(Run(provider, exporter, log, batches, finish))
        return runs[-1]

    yield make
    for run in runs:
        run.finish()
        run.provider.shutdown()


def _ids(record: Any) -> tuple[str | None, str | None]:
    return record.trace_id, record.span_id


def _exported(run: Run) -> set[tuple[str, str]]:
    return {
        (trace.format_trace_id(span.context.trace_id), trace.format_span_id(span.context.span_id))
        for span in run.exporter.get_finished_spans()
    }


@pytest.mark.parametrize(
    ("sampler", "at_least", "at_most"),
    [
        (ALWAYS_ON, 2000, 2000),
        (ALWAYS_OFF, 0, 0),
        (TraceIdRatioBased(0), 0, 0),
        (TraceIdRatioBased(0.01), 1, 80),
        (ParentBased(TraceIdRatioBased(0.01)), 1, 80),
        (ParentBased(ALWAYS_OFF), 0, 0),
        (TraceIdRatioBased(1), 2000, 2000),
    ],
    ids=["on", "off", "0 %", "1 %", "1 % by parent", "off by parent", "100 %"],
)
def test_all_lines_and_figures_whatever_the_sampler(
    sampled_by: Callable[[Sampler], Run],
    generate: Generate,
    read: Read,
    sampler: Sampler,
    at_least: int,
    at_most: int,
) -> None:
    """2,000 attempts give 2,000 lines and figures of 2,000; only the sampled spans are exported."""
    run = sampled_by(sampler)
    for number in range(2000):
        generate(str(number))
    run.finish()

    records = read(run.log)
    exported = _exported(run)

    assert [record.persona_id for record in records] == [str(number) for number in range(2000)]
    assert sum(batch.batch_size for batch in run.batches) == 2000
    assert at_least <= len(exported) <= at_most
    with_ids = {_ids(record) for record in records if record.trace_id is not None}
    assert with_ids == exported
    assert all((record.trace_id is None) == (record.span_id is None) for record in records)


def test_other_spans_are_sampled_as_before(sampled_by: Callable[[Sampler], Run]) -> None:
    """A span that is no attempt records if and only if its own sampler says so."""
    sampler = TraceIdRatioBased(0.5)
    run = sampled_by(sampler)
    tracer = run.provider.get_tracer("of somebody else")

    for _ in range(300):
        span = tracer.start_span("chat")
        decision = sampler.should_sample(None, span.get_span_context().trace_id, "chat").decision
        sampled = decision is Decision.RECORD_AND_SAMPLE
        assert span.is_recording() is sampled
        assert bool(span.get_span_context().trace_flags.sampled) is sampled
        span.end()


def test_an_attempt_below_a_foreign_span_follows_its_parent(
    sampled_by: Callable[[Sampler], Run], generate: Generate, read: Read
) -> None:
    """Below a sampled trace the attempt is exported with it, below an unsampled one it is not."""
    run = sampled_by(ParentBased(ALWAYS_OFF))
    for sampled in (True, False):
        parent = trace.SpanContext(
            trace_id=0xABC + sampled,
            span_id=0xDEF,
            is_remote=True,
            trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED if sampled else 0),
        )
        with trace.use_span(trace.NonRecordingSpan(parent)):
            generate(str(sampled))
    run.finish()

    by_id = {record.persona_id: record for record in read(run.log)}

    assert by_id["True"].trace_id == trace.format_trace_id(0xABC + 1)
    assert by_id["False"].trace_id is None
    assert {trace_id for trace_id, _ in _exported(run)} == {by_id["True"].trace_id}


def test_spans_below_an_attempt_are_recorded_while_usage_is_read_from_them(
    sampled_by: Callable[[Sampler], Run], read: Read
) -> None:
    """Unsampled children record until the caller gives the tokens; none of them is exported."""
    run = sampled_by(ALWAYS_OFF)
    tracer = run.provider.get_tracer("of a model's client")

    with (
        op.attempt(stage="B", persona_id="from below"),
        tracer.start_as_current_span("framework") as outer,
    ):
        assert outer.is_recording()
        with tracer.start_as_current_span("chat") as span:
            assert span.is_recording()
            span.set_attribute("gen_ai.usage.input_tokens", 450)
            span.set_attribute("gen_ai.usage.output_tokens", 320)
            span.set_attribute("gen_ai.request.model", "llama2-70b")
        outer.set_attribute("gen_ai.usage.input_tokens", 450)
    with op.attempt(stage="B", persona_id="given") as attempt:
        attempt.record_usage(prompt_tokens=1, completion_tokens=2)
        with tracer.start_as_current_span("chat") as span:
            assert not span.is_recording()
            span.set_attribute("gen_ai.usage.input_tokens", 450)
    with tracer.start_as_current_span("chat") as span:
        assert not span.is_recording()
    run.finish()

    from_below, given = read(run.log)
    assert (from_below.prompt_tokens, from_below.completion_tokens) == (450, 320)
    assert from_below.model == "llama2-70b"
    assert (given.prompt_tokens, given.completion_tokens) == (1, 2)
    assert _exported(run) == set()


def test_tracers_that_were_made_before_are_reached_too(tmp_path: Path, read: Read) -> None:
    """A tracer copies its provider's sampler when it is made; usage is read all the same."""
    provider = TracerProvider(ALWAYS_OFF, shutdown_on_exit=False)
    earlier = provider.get_tracer("of a model's client")
    ours = provider.get_tracer("otel_persona")
    log = tmp_path / "generation.log"
    handle = op.configure(run_id="25K", log=log, tracer_provider=provider)
    with (
        op.attempt(stage="B", persona_id="p1"),
        earlier.start_as_current_span("chat") as span,
    ):
        span.set_attribute("gen_ai.usage.input_tokens", 450)
    assert not ours.start_span("anything").is_recording()
    handle.shutdown()

    (record,) = read(log)
    assert record.prompt_tokens == 450


def test_set_up_twice_wraps_once(tmp_path: Path) -> None:
    """Each ``configure`` on the same provider leaves one wrapper around its sampler."""
    provider = TracerProvider(TraceIdRatioBased(0.25), shutdown_on_exit=False)
    for _ in range(3):
        handle = op.configure(log=tmp_path / "generation.log", tracer_provider=provider)
    handle.shutdown()

    described = provider.sampler.get_description()
    assert described == f"AttemptSampler{{{TraceIdRatioBased(0.25).get_description()}}}"


FROM_ENVIRONMENT = """
import json
import otel_persona as op
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter))
trace.set_tracer_provider(provider)
sizes = []
op.configure(log="generation.log", on_batch=lambda batch: sizes.append(batch.batch_size))

@op.attempt(stage="B")
def generate(persona_id):
    pass

for number in range(1500):
    with op.persona(number):
        generate(str(number))
assert op.shutdown()
provider.shutdown()
spans = [
    (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}")
    for span in exporter.get_finished_spans()
    if span.name == "generate_persona B"
]
print(json.dumps({"spans": spans, "sizes": sizes}))
"""


@pytest.mark.parametrize(
    ("variables", "at_least", "at_most"),
    [
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}, 1, 70),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, 0, 0),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, 0, 0),
    ],
    ids=["1 %", "off", "off by parent"],
)
def test_the_standard_variables_sample(
    run: Callable[..., str],
    read: Read,
    tmp_path: Path,
    variables: dict[str, str],
    at_least: int,
    at_most: int,
) -> None:
    """``OTEL_TRACES_SAMPLER`` at 1 % keeps 100 % of the lines and of the figures."""
    facts = msgspec.json.decode(run(FROM_ENVIRONMENT, **variables))

    records = read(tmp_path / "generation.log")
    assert len(records) == 1500
    assert sum(facts["sizes"]) == 1500
    assert at_least <= len(facts["spans"]) <= at_most
    with_ids = sorted(list(_ids(record)) for record in records if record.trace_id)
    assert with_ids == sorted(facts["spans"])


def test_the_sampler_and_the_processors_by_hand(
    generate: Generate, read: Read, tmp_path: Path
) -> None:
    """Whoever builds a provider alone can use the same parts, with no call of ``configure``."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(op.AttemptSampler(ALWAYS_OFF), shutdown_on_exit=False)
    log, batches = tmp_path / "generation.log", list[BatchSummary]()
    for processor in (
        op.UsageProcessor(),
        op.AttemptSpanProcessor(op.AttemptFileExporter(log)),
        op.DriftProcessor(on_batch=batches.append),
        SimpleSpanProcessor(exporter),
    ):
        provider.add_span_processor(processor)
    tracer = provider.get_tracer("by hand")
    with tracer.start_as_current_span("generate_persona B") as attempt:
        attempt.set_attributes(
            {
                "persona.run.id": "25K",
                "persona.id": "p1",
                "persona.stage": "B",
                "persona.attempt.status": "success",
            }
        )
        assert attempt.is_recording()
    assert not tracer.start_span("chat").is_recording()
    provider.shutdown()

    assert [record.persona_id for record in read(log)] == ["p1"]
    assert [batch.batch_size for batch in batches] == [1]
    assert exporter.get_finished_spans() == ()
