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
from otel_persona.settings import DriftThresholds, IndicatorLimits, Limits, Prices, Settings

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


@pytest.fixture
def _settings_of_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("tier: pilot\n")
    monkeypatch.setenv("OTEL_PERSONA_SETTINGS", str(file))
    monkeypatch.setenv("OTEL_PERSONA_BATCH", "attempts:2")


@pytest.mark.usefixtures("_settings_of_the_process")
def test_without_settings_the_file_and_the_environment_count() -> None:
    """A processor that is added by hand heeds the variables like a program that is set up."""
    batches, changes = list[BatchSummary](), list[IndicatorChange]()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(
        op.DriftProcessor(on_batch=batches.append, on_indicator_change=changes.append)
    )
    for _ in range(4):
        _attempt(provider)

    assert [batch.batch_size for batch in batches] == [2, 2]
    assert {change.tier for change in changes} == {"pilot"}


@pytest.mark.usefixtures("_settings_of_the_process")
def test_settings_that_are_given_count_alone() -> None:
    """They are made at the top level, and nothing of the environment mixes in."""
    batches: list[BatchSummary] = []
    provider = TracerProvider(shutdown_on_exit=False)
    settings = op.Settings(batch="attempts:3")
    provider.add_span_processor(op.DriftProcessor(settings, on_batch=batches.append))
    for _ in range(4):
        _attempt(provider)

    assert [batch.batch_size for batch in batches] == [3]


def test_a_wrong_environment_is_told_where_the_processor_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is the environment's error, as ``configure`` gives it."""
    monkeypatch.setenv("OTEL_PERSONA_BATCH", "zz")

    with pytest.raises(op.SettingsError, match="OTEL_PERSONA_BATCH: 'zz' is not right; write per"):
        op.DriftProcessor()


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        ({"batch": "zz"}, ["batch: 'zz' is not right; write personas:N, attempts:N, "]),
        (
            {"label_values": 0, "prices": Prices(models={"large": -1})},
            ["label_values: 0 is not right; ", "prices.models.large: -1 is not right; "],
        ),
        (
            {"indicators": IndicatorLimits(repair_rate=Limits(warning=0.5, critical=0.1))},
            ["indicators.repair_rate: warning must not lie above critical"],
        ),
    ],
)
def test_settings_made_in_code_are_checked(settings: dict[str, Any], problems: list[str]) -> None:
    """A wrong value is told where the processor is made, and not when a batch would close."""
    with pytest.raises(op.SettingsError) as refused:
        op.DriftProcessor(op.Settings(**settings))

    assert len(refused.value.problems) == len(problems)
    for told, expected in zip(refused.value.problems, problems, strict=True):
        assert told.startswith(f"Settings: {expected}")


SETTINGS = 'Settings, such as Settings(batch="attempts:100")'
EXPORTER = "a span exporter such as AttemptFileExporter(…)"


@pytest.mark.parametrize(
    ("part", "argument", "value", "right"),
    [
        (op.DriftProcessor, "settings", 5, SETTINGS),
        (op.DriftProcessor, "settings", {"batch": "prefix"}, SETTINGS),
        (op.DriftProcessor, "on_batch", 5, "a function"),
        (op.DriftProcessor, "on_indicator_change", "print", "a function"),
        (op.DriftProcessor, "meter_provider", 5, "a provider with get_meter"),
        (op.DriftProcessor, "logger_provider", 5, "a provider with get_logger"),
        (op.AttemptSpanProcessor, "exporter", "x.log", EXPORTER),
        (op.AttemptSpanProcessor, "exporter", op.AttemptFileExporter, EXPORTER),
        (op.AttemptSpanProcessor, "exporter", None, EXPORTER),
    ],
)
def test_what_a_part_cannot_use_is_refused_where_it_is_made(
    part: Callable[..., Any], argument: str, value: object, right: str
) -> None:
    """One sentence names the part, the argument, its value and what would be right."""
    with pytest.raises(op.UsageError) as refused:
        part(**{argument: value})

    assert str(refused.value) == f"{part.__name__}: {argument} must be {right}, not {value!r}"


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
