"""Our processors on a provider that somebody has built alone, with no call of ``configure``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

import otel_persona as op
from otel_persona.aggregation import BatchSummary, IndicatorChange
from otel_persona.settings import DriftThresholds, IndicatorLimits, Limits, Settings

NO_CONFIGURE = """
import json
import otel_persona as op
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

sizes = []
provider = TracerProvider(op.AttemptSampler(trace_sampler), shutdown_on_exit=False)
provider.add_span_processor(op.UsageProcessor())
provider.add_span_processor(op.AttemptSpanProcessor(op.AttemptFileExporter("by hand.log")))
provider.add_span_processor(op.DriftProcessor(on_batch=lambda batch: sizes.append(
    [batch.batch_size, batch.total_tokens])))
trace.set_tracer_provider(provider)
client = trace.get_tracer("of a model's client")

@op.attempt(stage="B")
def generate(persona_id):
    with client.start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.usage.input_tokens", 10)

for number in range(5):
    generate(str(number))
provider.shutdown()
print(json.dumps([sizes, len(open("by hand.log").readlines())]))
"""


@pytest.mark.parametrize("sampler", ["ALWAYS_ON", "ALWAYS_OFF"])
def test_decorated_functions_find_the_processors(run: Callable[..., str], sampler: str) -> None:
    """Lines, figures and usage work with stock wiring, sampled or not."""
    script = NO_CONFIGURE.replace("trace_sampler", f"sampling.{sampler}").replace(
        "import json\n", "import json\nfrom opentelemetry.sdk.trace import sampling\n", 1
    )

    assert json.loads(run(script)) == [[[5, 50]], 5]


def _attempt(provider: TracerProvider, **attributes: Any) -> None:
    span = provider.get_tracer("by hand").start_span("anything")
    span.set_attributes(
        {
            "persona.run.id": "25K_a",
            "persona.id": "p1",
            "persona.stage": "B",
            "persona.attempt.status": "success",
            **attributes,
        }
    )
    span.end()


def test_figures_need_no_global_provider() -> None:
    """Gauges and events go to the providers that the processor was given."""
    reader, exporter = InMemoryMetricReader(), InMemoryLogRecordExporter()
    meters = MeterProvider([reader], shutdown_on_exit=False)
    logs = LoggerProvider(shutdown_on_exit=False)
    logs.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider = TracerProvider(shutdown_on_exit=False)
    batches, changes = list[BatchSummary](), list[IndicatorChange]()
    provider.add_span_processor(
        op.DriftProcessor(
            Settings(batch="attempts:2"),
            on_batch=batches.append,
            on_indicator_change=changes.append,
            meter_provider=meters,
            logger_provider=logs,
        )
    )
    for number in range(3):
        _attempt(provider, **{"persona.repairs": ("trait_leak",) * (number % 2)})
    data = reader.get_metrics_data()
    provider.shutdown()

    assert data is not None
    names = {
        metric.name
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert {"persona.batch.repair_rate", "persona.tier.total_attempts"} <= names
    assert [batch.batch_size for batch in batches] == [2, 1]
    events = [event.log_record for event in exporter.get_finished_logs()]
    assert [event.event_name for event in events] == ["persona.drift"] * len(changes)
    assert "repair_rate" in {change.indicator for change in changes}


def test_limits_and_the_tier_come_from_the_settings() -> None:
    """An indicator is judged by the limits that the settings give."""
    changes: list[IndicatorChange] = []
    limits = IndicatorLimits(repair_rate=Limits(warning=0.4, critical=0.9))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(
        op.DriftProcessor(
            Settings(batch="attempts:2", tier="pilot", indicators=limits, drift=DriftThresholds()),
            on_indicator_change=changes.append,
        )
    )
    _attempt(provider, **{"persona.repairs": ("trait_leak",)})
    _attempt(provider)
    (change,) = [change for change in changes if change.indicator == "repair_rate"]

    assert (change.band, change.tier, change.value) == ("warning", "pilot", 0.5)
    assert change.limits == {"warning": 0.4, "critical": 0.9}


def test_a_span_that_makes_no_record_is_counted_among_the_figures(
    counts: Callable[[str], dict[str, int]],
) -> None:
    """One that cannot be counted is told, the next one is counted."""
    batches: list[BatchSummary] = []
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(op.DriftProcessor(on_batch=batches.append))
    _attempt(provider, **{"persona.attempt.status": "done"})
    _attempt(provider, **{"persona.validator.score.pollyanna": float("nan")})
    _attempt(provider)
    with provider.get_tracer("by hand").start_as_current_span("chat"):
        pass
    provider.shutdown()

    assert [batch.batch_size for batch in batches] == [1]
    assert counts("rejected") == {"figures": 2}


@pytest.fixture
def usage(tmp_path: Path, read: Any) -> Callable[[Callable[[Any], None]], tuple[Any, ...]]:
    """Give a function that runs spans below an attempt, and gives the usage it ends up with."""

    def below(spans: Callable[[Any], None]) -> tuple[int, int, str | None]:
        log = tmp_path / "generation.log"
        provider = TracerProvider(shutdown_on_exit=False)
        handle = op.configure(log=log, tracer_provider=provider)
        with op.attempt(stage="B", persona_id="p1"):
            spans(provider.get_tracer("of a model's client"))
        handle.shutdown()
        record = read(log)[-1]
        return record.prompt_tokens, record.completion_tokens, record.model

    return below


def _chat(tracer: Any, prompt: Any, completion: Any, model: str | None = None) -> None:
    with tracer.start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.usage.input_tokens", prompt)
        span.set_attribute("gen_ai.usage.output_tokens", completion)
        if model is not None:
            span.set_attribute("gen_ai.request.model", model)


def test_usage_of_several_replies_is_summed(usage: Callable[..., Any]) -> None:
    """Two calls of a model below one attempt count both."""

    def spans(tracer: Any) -> None:
        _chat(tracer, 10, 1, "small")
        _chat(tracer, 20, 2)

    assert usage(spans) == (30, 3, "small")


def test_usage_that_stands_inside_itself_counts_once(usage: Callable[..., Any]) -> None:
    """A framework's span repeats the usage of the provider's span below it."""

    def spans(tracer: Any) -> None:
        with tracer.start_as_current_span("framework") as framework:
            with tracer.start_as_current_span("chain"):
                _chat(tracer, 10, 1)
                _chat(tracer, 20, 2)
            framework.set_attribute("gen_ai.usage.input_tokens", 30)
            framework.set_attribute("gen_ai.usage.output_tokens", 3)

    assert usage(spans) == (30, 3, None)


@pytest.mark.parametrize("odd", [-1, 2**60, 1.5, True, "10"])
def test_odd_usage_is_left_alone(usage: Callable[..., Any], odd: Any) -> None:
    """What is no count of tokens does not spoil the line."""
    assert usage(lambda tracer: _chat(tracer, odd, 7)) == (0, 7, None)


def test_an_attempt_inside_an_attempt_keeps_its_tokens_to_itself(
    usage: Callable[..., Any],
) -> None:
    """Nothing is counted twice where attempts are nested."""

    def spans(tracer: Any) -> None:
        _chat(tracer, 10, 1)
        with op.attempt(stage="validation", persona_id="p1"):
            _chat(tracer, 500, 500)

    assert usage(spans) == (10, 1, None)


def test_a_span_that_ends_after_its_attempt_changes_nothing(usage: Callable[..., Any]) -> None:
    """A stray child that outlives the attempt is nobody's."""
    strays = []

    def spans(tracer: Any) -> None:
        _chat(tracer, 10, 1)
        strays.append(
            tracer.start_span("stray", context=trace.set_span_in_context(trace.get_current_span()))
        )

    assert usage(spans) == (10, 1, None)
    strays[0].set_attribute("gen_ai.usage.input_tokens", 999)
    strays[0].end()
