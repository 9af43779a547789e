"""``configure`` joins the providers that exist, and builds those that do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import otel_persona as op

Run = Callable[..., Any]
Lines = Callable[..., Any]

GLOBAL = """
from opentelemetry import metrics, trace
from opentelemetry._logs import get_logger_provider, set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans, reader, events = InMemorySpanExporter(), InMemoryMetricReader(), InMemoryLogRecordExporter()
tracers, meters, loggers = TracerProvider(), MeterProvider([reader]), LoggerProvider()
tracers.add_span_processor(SimpleSpanProcessor(spans))
loggers.add_log_record_processor(SimpleLogRecordProcessor(events))
trace.set_tracer_provider(tracers)
metrics.set_meter_provider(meters)
set_logger_provider(loggers)

def metric_names():
    data = reader.get_metrics_data()
    return sorted({metric.name for resource in (data.resource_metrics if data else ())
                   for scope in resource.scope_metrics for metric in scope.metrics})

def kept():
    return [trace.get_tracer_provider() is tracers, metrics.get_meter_provider() is meters,
            get_logger_provider() is loggers]
"""


def test_providers_that_exist_are_joined_and_never_replaced(run: Run, lines: Lines) -> None:
    """Spans, metrics and events appear in what the program had set up; the log stands beside."""
    ended = run(
        GLOBAL
        + """
op.configure(run_id="25K_a", log="generation.log", batch="attempts:2")
for number in range(4): generate(str(number))
say(kept=kept(), names=[span.name for span in spans.get_finished_spans()], metrics=metric_names(),
    events=len(events.get_finished_logs()))
"""
    )

    (said,) = ended.said
    assert ended.errors == ""
    assert said["kept"] == [True, True, True]
    assert said["names"] == ["generate_persona B"] * 4
    assert {"persona.attempts", "persona.attempt.duration", "persona.batch.batch_size"} <= set(
        said["metrics"]
    )
    assert said["events"] >= 1
    assert len(lines()) == 4


@pytest.mark.parametrize(
    "given", ["", "tracer_provider=tracers, meter_provider=meters, logger_provider=loggers"]
)
def test_every_signal_names_the_package_and_its_version(run: Run, given: str) -> None:
    """A backend can tell which version has made a span, a metric or an event."""
    ended = run(
        GLOBAL
        + f"""
op.configure(batch="attempts:1", {given})
with op.persona("p1"): generate("p1")
scopes = [
    *(span.instrumentation_scope for span in spans.get_finished_spans()),
    *(scope.scope for scope in reader.get_metrics_data().resource_metrics[0].scope_metrics),
    *(event.instrumentation_scope for event in events.get_finished_logs()[:1]),
]
say(scopes=[[scope.name, scope.version] for scope in scopes])
"""
    )

    assert ended.said == [{"scopes": [["otel_persona", op.__version__]] * 4}]


def test_a_provider_that_is_joined_goes_on_after_our_shutdown(run: Run) -> None:
    """What we did not build is not ours to stop."""
    ended = run(
        GLOBAL
        + """
op.configure(log="generation.log")
generate("1")
assert op.shutdown()
with trace.get_tracer("mine").start_as_current_span("mine"): pass
say(names=[span.name for span in spans.get_finished_spans()], metrics=len(metric_names()) > 0)
"""
    )

    assert ended.said == [{"names": ["generate_persona B", "mine"], "metrics": True}]


def test_joining_sends_nothing_a_second_time(run: Run) -> None:
    """A program that sends its spans by the standard variables already sends each once."""
    ended = run(
        """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
op.configure(log="generation.log")
generate("1")
op.shutdown()
""",
        OTEL_TRACES_EXPORTER="console",
    )

    assert ended.code == 0, ended.errors
    assert ended.output.count('"name": "generate_persona B"') == 1


def test_a_provider_is_built_where_there_is_none(run: Run, lines: Lines) -> None:
    """The global provider is then the SDK's, with the environment's resource."""
    ended = run(
        """
from opentelemetry import trace
op.configure(log="generation.log")
generate("1")
provider = trace.get_tracer_provider()
say(kind=type(provider).__module__, service=provider.resource.attributes["service.name"])
""",
        OTEL_SERVICE_NAME="my-personas",
    )

    assert ended.said == [{"kind": "opentelemetry.sdk.trace", "service": "my-personas"}]
    assert lines()[0].trace_id is not None


@pytest.mark.parametrize(
    ("variables", "service"),
    [({}, "otel-persona"), ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=theirs"}, "theirs")],
)
def test_a_service_without_a_name_gets_ours(
    run: Run, variables: dict[str, str], service: str
) -> None:
    """``unknown_service`` helps nobody."""
    ended = run(
        """
from opentelemetry import trace
op.configure(log="generation.log")
say(service=trace.get_tracer_provider().resource.attributes["service.name"])
""",
        **variables,
    )

    assert ended.said == [{"service": service}]


def test_providers_that_are_given_are_used_and_no_global_is_touched(run: Run, lines: Lines) -> None:
    """Handing in providers keeps all of it to them."""
    ended = run(
        """
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
reader, tracers = InMemoryMetricReader(), TracerProvider()
op.configure(log="generation.log", tracer_provider=tracers, meter_provider=MeterProvider([reader]))
generate("1")
say(tracer=type(trace.get_tracer_provider()).__name__, metrics=reader.get_metrics_data() is None)
"""
    )

    assert ended.said == [{"tracer": "ProxyTracerProvider", "metrics": False}]
    assert len(lines()) == 1


def test_a_provider_that_takes_no_processors_is_told(run: Run, tmp_path: Path) -> None:
    """The program goes on; a warning says why there is no log, and what would do."""
    ended = run(
        """
from opentelemetry import trace
trace.set_tracer_provider(trace.NoOpTracerProvider())
op.configure(log="generation.log")
generate("1")
"""
    )

    assert ended.code == 0
    assert "NoOpTracerProvider takes no span processors" in ended.errors
    assert ended.errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_an_existing_provider_cannot_take_is_told(run: Run) -> None:
    """Metrics and events of providers that exist go where those were told to send."""
    ended = run(
        GLOBAL
        + """
op.configure(otlp="http://user:secret@127.0.0.1:9")
say(kept=kept())
os._exit(0)
"""
    )

    assert ended.said == [{"kept": [True, True, True]}]
    assert "MeterProvider does not go to http://***@127.0.0.1:9" in ended.errors
    assert "LoggerProvider does not go to http://***@127.0.0.1:9" in ended.errors


def test_an_address_adds_spans_to_an_existing_provider(run: Run, http_collector: Any) -> None:
    """They go there too, and on to where the program has them sent."""
    ended = run(
        GLOBAL
        + f"""
op.configure(otlp="http://127.0.0.1:{http_collector.port}")
for number in range(3): generate(str(number))
say(stopped=op.shutdown(30), spans=len(spans.get_finished_spans()))
"""
    )

    assert ended.said == [{"stopped": True, "spans": 3}]
    assert http_collector.personas() == ["0", "1", "2"]
    assert http_collector.places == {"/v1/traces"}


def test_providers_that_do_nothing_are_joined_too(run: Run) -> None:
    """Who switched metrics or events off has them stay off."""
    ended = run(
        """
from opentelemetry import metrics
from opentelemetry._logs import NoOpLoggerProvider, set_logger_provider
metrics.set_meter_provider(metrics.NoOpMeterProvider())
set_logger_provider(NoOpLoggerProvider())
op.configure(otlp="http://127.0.0.1:9")
say(done=True)
os._exit(0)
"""
    )

    assert ended.said == [{"done": True}]
    assert [line.partition(" does ")[0] for line in ended.errors.splitlines()] == [
        "NoOpMeterProvider",
        "NoOpLoggerProvider",
    ]


def test_decorators_that_were_used_before_are_reached(run: Run, lines: Lines) -> None:
    """Attempts before ``configure`` record nothing; those after it are whole."""
    ended = run("generate('before'); op.configure(log='generation.log'); generate('after')")

    assert (ended.code, ended.errors) == (0, "")
    assert [record.persona_id for record in lines()] == ["after"]
