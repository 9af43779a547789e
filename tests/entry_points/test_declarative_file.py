"""``OTEL_CONFIG_FILE``, read by the real ``opentelemetry-configuration``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Launch = Callable[..., Any]
Lines = Callable[..., Any]
Metric = Callable[[str], list[float]]

OURS = Path(__file__).parents[2] / "collector-config" / "otel-persona.yaml"
# The launcher says so of itself, whatever the file is.
ITS_OWN_LINE = (
    "OTEL_CONFIG_FILE is set; ignoring configurator kwargs: ['auto_instrumentation_version']\n"
)
SAMPLER = """\
    parent_based:
      root:
        trace_id_ratio_based:
          ratio: ${OTEL_TRACES_SAMPLER_ARG:-1.0}
"""
GENERATE_200 = "for number in range(200): generate(str(number))"
WITHOUT_INSTRUMENTOR = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "persona"}


@pytest.fixture
def to_collector(http_collector: Any) -> dict[str, str]:
    """Give the variables that our file takes up: a collector, and batches of a hundred."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{http_collector.port}",
        "OTEL_PERSONA_BATCH": "attempts:100",
    }


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., str]:
    """Give a function that writes our file with texts replaced, and names it."""

    def edit(*replacements: tuple[str, str]) -> str:
        text = OURS.read_text(encoding="utf-8")
        for old, new in replacements:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (tmp_path / "edited.yaml").write_text(text, encoding="utf-8")
        return "edited.yaml"

    return edit


def test_our_file_keeps_all(
    launch: Launch,
    lines: Lines,
    to_collector: dict[str, str],
    http_collector: Any,
    metric: Metric,
    events: Callable[[], list[str]],
) -> None:
    """Its instrumentor and its exporters together write each line, and count each attempt, once."""
    done = launch(GENERATE_200, OTEL_CONFIG_FILE=str(OURS), **to_collector)

    assert (done.stdout, done.stderr) == ("", ITS_OWN_LINE)
    assert len(lines()) == len({line.persona_id for line in lines()}) == 200
    assert len(http_collector.personas()) == 200
    assert metric("persona.attempts") == [200]
    assert metric("persona.tier.total_attempts") == [200]
    assert len(events()) == len(set(events())) > 0
    assert _resource(http_collector) >= {"service.name", "service.instance.id"}


def test_our_file_keeps_what_is_not_sampled(
    launch: Launch,
    lines: Lines,
    to_collector: dict[str, str],
    http_collector: Any,
    metric: Metric,
) -> None:
    """At 1 % few spans arrive, and every line and figure is there."""
    launch(GENERATE_200, OTEL_CONFIG_FILE=str(OURS), OTEL_TRACES_SAMPLER_ARG="0.01", **to_collector)

    assert len(lines()) == 200
    assert metric("persona.tier.total_attempts") == [200]
    assert len(http_collector.personas()) < 50


def test_the_exporters_alone_see_what_is_sampled(
    launch: Launch,
    lines: Lines,
    edited: Callable[..., str],
    to_collector: dict[str, str],
    http_collector: Any,
    metric: Metric,
) -> None:
    """Without the instrumentor, ``persona_file`` and ``persona_drift`` take its part."""
    done = launch(
        GENERATE_200,
        OTEL_CONFIG_FILE=edited(("    persona:\n", "    persona:\n      enabled: false\n")),
        OTEL_TRACES_SAMPLER_ARG="0.5",
        **WITHOUT_INSTRUMENTOR,
        **to_collector | {"OTEL_PERSONA_BATCH": "attempts:1"},
    )

    sampled = [line.persona_id for line in lines()]
    assert done.stderr == ITS_OWN_LINE
    assert 50 < len(sampled) < 150
    assert sorted(sampled) == sorted(http_collector.personas())
    assert metric("persona.tier.total_attempts") == [len(sampled)]
    assert metric("persona.attempts") == [200]


def test_properties_of_the_exporters(
    launch: Launch, lines: Lines, edited: Callable[..., str], to_collector: dict[str, str]
) -> None:
    """What stands below an exporter's name is its own."""
    done = launch(
        "for number in range(4): generate(str(number))",
        OTEL_CONFIG_FILE=edited(
            ("    persona:\n", "    persona:\n      enabled: false\n"),
            (
                "          persona_file:\n",
                "          persona_file: {path: '{run_id}.log', run_id: 25K_a, fsync: line}\n",
            ),
        ),
        **WITHOUT_INSTRUMENTOR,
        **to_collector,
    )

    assert done.stderr == ITS_OWN_LINE
    assert len(lines("25K_a.log")) == 4


def test_a_property_that_does_not_exist_stops_nothing(
    launch: Launch, lines: Lines, edited: Callable[..., str], to_collector: dict[str, str]
) -> None:
    """It is named and left out, and all that OpenTelemetry sets up is set up."""
    done = launch(
        "for number in range(4): generate(str(number))",
        OTEL_CONFIG_FILE=edited(
            ("    persona:\n", "    persona:\n      enabled: false\n"),
            ("          persona_file:\n", "          persona_file: {pth: a.log, path: b.log}\n"),
        ),
        **WITHOUT_INSTRUMENTOR,
        **to_collector,
    )

    assert "persona_file has no pth; there are path, run_id, fsync, pending_records" in done.stderr
    assert len(lines("b.log")) == 4


def test_a_sampler_by_name(
    launch: Launch, lines: Lines, edited: Callable[..., str], to_collector: dict[str, str]
) -> None:
    """A file may name our samplers; their ratio is the variable's."""
    done = launch(
        GENERATE_200 + "\nfrom opentelemetry import trace\n"
        "print(trace.get_tracer_provider().sampler.get_description())",
        OTEL_CONFIG_FILE=edited((SAMPLER, "    persona_traceidratio:\n")),
        OTEL_TRACES_SAMPLER_ARG="0.25",
        **to_collector,
    )

    assert (done.stdout, done.stderr) == ("AttemptSampler{TraceIdRatioBased{0.25}}\n", ITS_OWN_LINE)
    assert len(lines()) == 200


def test_wrong_settings_in_the_file_are_told_together(
    launch: Launch, edited: Callable[..., str], to_collector: dict[str, str], http_collector: Any
) -> None:
    """One warning has every problem, and all that is not ours works."""
    done = launch(
        "generate('1'); print('went on')",
        OTEL_CONFIG_FILE=edited(
            (
                "      log: ${OTEL_PERSONA_LOG:-generation.log}\n",
                "      lgo: generation.log\n      fsync: always\n",
            )
        ),
        **to_collector,
    )

    assert done.stdout == "went on\n"
    assert done.stderr.replace(ITS_OWN_LINE, "").count("\n") == 1
    assert "lgo: no such setting; did you mean log?" in done.stderr
    assert "fsync: 'always' is not right" in done.stderr
    assert http_collector.personas() == ["1"]


def test_what_the_file_does_not_name_is_not_sent(
    launch: Launch, lines: Lines, tmp_path: Path, to_collector: dict[str, str], http_collector: Any
) -> None:
    """The distribution's own variables ask for OTLP; a file that sends nothing overrides them."""
    (tmp_path / "log.yaml").write_text(
        'file_format: "1.1"\n'
        "instrumentation/development: {python: {persona: {log: generation.log}}}\n"
    )
    done = launch(
        "generate('1')",
        OTEL_CONFIG_FILE="log.yaml",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        **to_collector,
    )

    assert done.stderr == ITS_OWN_LINE
    assert len(lines()) == 1
    assert http_collector.received == []


def _resource(collector: Any) -> set[str]:
    body = next(body for place, body in collector.received if place == "/v1/traces")
    (spans,) = ExportTraceServiceRequest.FromString(body).resource_spans
    return {attribute.key for attribute in spans.resource.attributes}
