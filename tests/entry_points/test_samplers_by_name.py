"""Samplers by name sample as the standard ones do, and keep every attempt."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from otel_persona.entry_points.samplers import parentbased_traceidratio, traceidratio

Launch = Callable[..., Any]
Lines = Callable[..., Any]

BY_HAND = """
from opentelemetry import trace
provider = trace.get_tracer_provider()
provider.add_span_processor(op.AttemptSpanProcessor(op.AttemptFileExporter("generation.log")))
for number in range(200): generate(str(number))
print(provider.sampler.get_description())
"""


@pytest.mark.parametrize(
    ("sampler", "description"),
    [
        ("persona_traceidratio", "AttemptSampler{TraceIdRatioBased{0.01}}"),
        ("persona_parentbased_traceidratio", "AttemptSampler{ParentBased{root:TraceIdRatioBased{"),
    ],
)
def test_attempts_are_kept_without_the_instrumentor(
    launch: Launch,
    lines: Lines,
    sending: dict[str, str],
    http_collector: Any,
    sampler: str,
    description: str,
) -> None:
    """Processors that the program adds itself see every attempt; few are sent."""
    done = launch(
        BY_HAND,
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="persona",
        OTEL_TRACES_SAMPLER=sampler,
        OTEL_TRACES_SAMPLER_ARG="0.01",
        **sending,
    )

    assert done.stderr == ""
    assert done.stdout.startswith(description)
    assert len(lines()) == 200
    assert len(http_collector.personas()) < 50


def test_beside_the_instrumentor_nothing_is_wrapped_twice(
    launch: Launch, quiet: dict[str, str]
) -> None:
    """The instrumentor leaves a sampler of ours as it is."""
    done = launch(
        "from opentelemetry import trace\n"
        "print(trace.get_tracer_provider().sampler.get_description())",
        OTEL_TRACES_SAMPLER="persona_traceidratio",
        **quiet,
    )

    assert (done.stdout, done.stderr) == ("AttemptSampler{TraceIdRatioBased{1.0}}\n", "")


@pytest.mark.parametrize("make", [traceidratio, parentbased_traceidratio])
@pytest.mark.parametrize("given", ["a tenth", "1.5", "-0.1", "nan", ""])
def test_a_wrong_ratio_is_told_and_samples_everything(
    caplog: pytest.LogCaptureFixture, make: Callable[..., Any], given: str
) -> None:
    """A typo must not cost traces: the warning says what is wrong, and what would be right."""
    with caplog.at_level(logging.WARNING):
        sampler = make(given)

    (record,) = caplog.records
    assert record.getMessage() == (
        f"OTEL_TRACES_SAMPLER_ARG: {given!r} is not right, so every trace is sampled; "
        "write a number from 0 to 1"
    )
    assert "TraceIdRatioBased{1.0}" in sampler.get_description()


@pytest.mark.parametrize("make", [traceidratio, parentbased_traceidratio])
def test_the_ratio_of_a_declarative_file(
    monkeypatch: pytest.MonkeyPatch, make: Callable[..., Any]
) -> None:
    """The file's loader gives no argument; the variable counts then, and 1 without it."""
    monkeypatch.delenv("OTEL_TRACES_SAMPLER_ARG", raising=False)
    assert "TraceIdRatioBased{1.0}" in make().get_description()
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
    assert "TraceIdRatioBased{0.25}" in make().get_description()
