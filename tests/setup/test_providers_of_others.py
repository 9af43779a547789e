"""Programs whose providers are somebody else's: built by hand, or by Logfire behind its proxies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]
Lines = Callable[..., Any]

LOGFIRE = """
import logfire
from opentelemetry import trace
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

spans = InMemorySpanExporter()

def set_up_logfire(*processors, head=1.0):
    global reader
    reader = InMemoryMetricReader()
    logfire.configure(
        send_to_logfire=False,
        console=False,
        additional_span_processors=[SimpleSpanProcessor(spans), *processors],
        metrics=logfire.MetricsOptions(additional_readers=[reader]),
        sampling=logfire.SamplingOptions(head=head),
    )

def by_hand():
    exporter = op.AttemptFileExporter("generation.log")
    return op.UsageProcessor(), op.AttemptSpanProcessor(exporter), op.DriftProcessor()

def ours():
    op.configure(log="generation.log", batch="attempts:50")

def values(name):
    return [
        point.value
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in metric.data.data_points
    ]

def generate_all():
    for number in range(200): generate(str(number))
    op.shutdown()
    names = [span.name for span in spans.get_finished_spans()]
    say(spans=names.count("generate_persona B"), attempts=values("persona.attempts"),
        folded=values("persona.tier.total_attempts"))
"""


def test_one_call_joins_logfire(run: Run, lines: Lines) -> None:
    """After ``logfire.configure``, its processors and readers get all, and the log too."""
    ended = run(LOGFIRE + "set_up_logfire(); ours(); generate_all()")

    assert ended.said == [{"spans": 200, "attempts": [200], "folded": [200]}]
    assert ended.errors == ""
    assert len(lines()) == 200


def test_one_call_keeps_what_logfire_does_not_sample(run: Run, lines: Lines) -> None:
    """Logfire's head sampling at 1 % costs no line and no figure."""
    ended = run(LOGFIRE + "set_up_logfire(head=0.01); ours(); generate_all()")

    (said,) = ended.said
    assert ended.errors == ""
    assert said["spans"] == len([line for line in lines() if line.trace_id]) < 50
    assert (said["attempts"], said["folded"]) == ([200], [200])
    assert len(lines()) == 200


def test_decorators_that_ran_before_the_call_are_reached(run: Run, lines: Lines) -> None:
    """Logfire's proxy hands its tracers on, and so the sampler of those that exist is ours."""
    ended = run(
        LOGFIRE
        + """
set_up_logfire(head=ParentBasedTraceIdRatio(0))
generate("before")
ours()
generate_all()
"""
    )

    assert ended.said == [{"spans": 0, "attempts": [201], "folded": [200]}]
    assert len(lines()) == 200


def test_another_call_follows_logfire_to_new_providers(run: Run, lines: Lines) -> None:
    """A second ``logfire.configure`` builds new ones; the next call of ours joins these."""
    ended = run(
        LOGFIRE + "set_up_logfire(); ours(); set_up_logfire(head=0.01); ours(); generate_all()"
    )

    (said,) = ended.said
    assert ended.errors == ""
    assert said["spans"] < 50
    assert said["folded"] == [200]
    assert len(lines()) == 200


def test_a_call_before_logfires_keeps_the_log(run: Run, lines: Lines) -> None:
    """OpenTelemetry keeps the provider that is there first: Logfire says so, and gets no spans."""
    ended = run(LOGFIRE + "ours(); set_up_logfire(head=0.01); generate_all()")

    (said,) = ended.said
    assert ended.errors == "Overriding of current TracerProvider is not allowed\n"
    assert said == {"spans": 0, "attempts": [200], "folded": [200]}
    assert len(lines()) == 200


def test_a_provider_of_logfire_may_be_given(run: Run) -> None:
    """It has no hash, and is still the place for our metrics."""
    ended = run(
        """
import logfire
from opentelemetry import metrics
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
logfire.configure(send_to_logfire=False, console=False,
                  metrics=logfire.MetricsOptions(additional_readers=[reader]))
for _ in range(2):
    op.configure(meter_provider=metrics.get_meter_provider())
    generate("1")
data = reader.get_metrics_data()
say(attempts=[point.value for resource in data.resource_metrics for scope in resource.scope_metrics
              for metric in scope.metrics if metric.name == "persona.attempts"
              for point in metric.data.data_points])
"""
    )

    assert ended.said == [{"attempts": [2]}]
    assert ended.errors == ""


@pytest.mark.parametrize(
    ("head", "is_all"),
    [("0.1", False), ("op.AttemptSampler(ParentBasedTraceIdRatio(0.1))", True)],
)
def test_our_parts_among_logfires(run: Run, lines: Lines, head: str, is_all: bool) -> None:
    """No call of ours: what Logfire does not sample is kept only by a sampler in ours."""
    ended = run(
        LOGFIRE + f"set_up_logfire(*by_hand(), head={head}); generate_all()",
        OTEL_PERSONA_BATCH="attempts:1",
    )

    (said,) = ended.said
    assert ended.errors == ""
    assert 0 < said["spans"] < 100
    assert said["attempts"] == [200]
    assert len(lines()) == (200 if is_all else said["spans"])
    assert sum(said["folded"]) == len(lines())


def test_a_log_that_is_named_to_both_has_each_line_once(run: Run, lines: Lines) -> None:
    """Logfire gives its processors copies of the spans; the line of each is still one."""
    ended = run(
        LOGFIRE
        + """
exporter = op.AttemptFileExporter("generation.log")
set_up_logfire(op.AttemptSpanProcessor(exporter))
ours()
generate_all()
"""
    )

    assert ended.said == [{"spans": 200, "attempts": [200], "folded": [200]}]
    assert len(lines()) == len({line.persona_id for line in lines()}) == 200


def test_a_provider_built_by_hand_with_our_parts(run: Run, lines: Lines) -> None:
    """``add_span_processor`` and our sampler are enough; no call of ours is made."""
    ended = run(
        """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
figures = []
provider = TracerProvider(op.AttemptSampler(TraceIdRatioBased(0.01)))
provider.add_span_processor(op.UsageProcessor())
provider.add_span_processor(op.AttemptSpanProcessor(op.AttemptFileExporter("generation.log")))
provider.add_span_processor(op.DriftProcessor(on_batch=figures.append))
trace.set_tracer_provider(provider)
for number in range(200):
    with op.attempt(stage="B", persona_id=str(number)):
        with trace.get_tracer("model").start_as_current_span("chat") as span:
            span.set_attribute("gen_ai.usage.input_tokens", 7)
provider.shutdown()
say(folded=[figure.batch_size for figure in figures], tokens=figures[0].total_tokens)
"""
    )

    assert ended.said == [{"folded": [200], "tokens": 1400}]
    assert ended.errors == ""
    assert {line.prompt_tokens for line in lines()} == {7}
    assert len(lines()) == 200
