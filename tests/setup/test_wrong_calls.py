"""A wrong call of ``configure`` names every problem at once, each once, and sets nothing up."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

import otel_persona as op
from otel_persona.settings import IndicatorLimits, Limits

Problems = Callable[..., list[str]]

FORMS = "personas:N, attempts:N, sequence:N, prefix or time:60s (also m, h)"
COMPRESSIONS_OF_GRPC = "over grpc write none or gzip, or leave it out"
ADDRESSES = "http://host:4318, https://… or grpc://host:4317, with no /v1/traces behind it"


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Problems:
    """Give a function that calls ``configure`` wrongly, and gives every problem."""
    monkeypatch.chdir(tmp_path)
    for variable in os.environ:
        if variable.startswith("OTEL_"):
            monkeypatch.delenv(variable)

    def name_all(variables: dict[str, str] | None = None, **arguments: Any) -> list[str]:
        for variable, value in (variables or {}).items():
            monkeypatch.setenv(variable, value)
        with pytest.raises(op.SettingsError) as refused:
            op.configure(**arguments)
        assert str(refused.value) == "; ".join(refused.value.problems)
        return list(refused.value.problems)

    return name_all


def test_functions_settings_providers_and_exporters_are_named_together(
    problems: Problems, tmp_path: Path
) -> None:
    """Whoever mends a call mends all of it in one go."""
    (tmp_path / "settings.yaml").write_text("fsync: always\n")
    named = problems(
        {
            "OTEL_TRACES_EXPORTER": "jaegr,console,nowhere",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
            "OTEL_PERSONA_TIER": "x" * 201,
        },
        settings=tmp_path / "settings.yaml",
        clock=3,
        on_batch="print",
        tracer_provider=5,
        batch="zz",
        log=str(tmp_path),
    )

    expected = [
        "configure: clock must be a function, not 3",
        "configure: on_batch must be a function, not 'print'",
        "configure: tracer_provider must be a provider with get_tracer, not 5",
        f"OTEL_PERSONA_TIER: '{'x' * 201}' is not right; write text of 1 to 200 characters",
        f"{tmp_path}/settings.yaml: fsync: 'always' is not right; write never, second or line",
        f"configure: batch: 'zz' is not right; write {FORMS}",
        f"configure: log: '{tmp_path}' is a folder; write the path of a file",
        "OTEL_TRACES_EXPORTER: no exporter 'jaegr' is installed; there are console, …",
        "OTEL_TRACES_EXPORTER: no exporter 'nowhere' is installed; there are console, …",
        "OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' is not right: grpc or http/protobuf is",
    ]
    assert [re.sub("(?<=there are console, ).*", "…", problem) for problem in named] == expected


def test_options_with_which_no_exporter_can_be_made(problems: Problems) -> None:
    """Each once, though it stands for three signals; over HTTP the SDK takes its default."""
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "deflate",
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "10s",
        "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "10s",
    }
    assert problems(variables) == [
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '10s' is not right; write seconds, such as 10",
        f"OTEL_EXPORTER_OTLP_COMPRESSION: 'deflate' is not right; {COMPRESSIONS_OF_GRPC}",
    ]


def test_a_clock_and_an_address_are_named_together(problems: Problems) -> None:
    """A clock that gives no int is wrong like one that is no function."""
    now = "nanoseconds since the epoch as an int, as time.time_ns does"

    assert problems(clock=lambda: 1.5, otlp="ftp://x") == [
        f"configure: clock must give {now}, not 1.5",
        f"configure: otlp: 'ftp://x' is not right; write {ADDRESSES}",
    ]


def test_a_protocol_of_all_signals_is_named_once(problems: Problems) -> None:
    """One variable that spans, metrics and events share is one problem."""
    assert problems(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "carrier pigeon",
        }
    ) == ["OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier pigeon' is not right: grpc or http/protobuf is"]


def test_an_exporter_that_is_not_used_is_no_problem(problems: Problems) -> None:
    """``otlp`` beats the variables, so what they name does not count."""
    variables = {"OTEL_TRACES_EXPORTER": "jaegr"}

    assert len(problems(variables, batch="zz", otlp="http://127.0.0.1:9")) == 1
    assert len(problems(variables, batch="zz")) == 2


@pytest.mark.parametrize("signal", ["tracer", "meter", "logger"])
@pytest.mark.parametrize("value", [5, "global", object, TracerProvider])
def test_a_provider_that_is_none(problems: Problems, signal: str, value: object) -> None:
    """What cannot give a tracer, a meter or a logger is refused, a class forgotten to call too."""
    assert problems(**{f"{signal}_provider": value}) == [
        f"configure: {signal}_provider must be a provider with get_{signal}, not {value!r}"
    ]


def test_a_provider_is_known_by_its_method(run: Callable[..., Any], tmp_path: Path) -> None:
    """Providers that other libraries have wrapped, and that share no class, are taken."""
    ended = run(
        """
from opentelemetry._logs import NoOpLoggerProvider
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider

class Wrapped:
    def __init__(self, provider): self.provider = provider
    def __getattr__(self, name): return getattr(self.provider, name)

op.configure(log="generation.log", tracer_provider=Wrapped(TracerProvider()),
             meter_provider=Wrapped(NoOpMeterProvider()),
             logger_provider=Wrapped(NoOpLoggerProvider()))
generate("1")
"""
    )

    assert (ended.code, ended.errors) == (0, "")
    assert (tmp_path / "generation.log").exists()


@pytest.mark.parametrize("value", [5, b"settings.yaml", op.configure])
def test_settings_that_are_no_path(problems: Problems, value: object) -> None:
    """The argument names a file, and says so."""
    assert problems(settings=value) == [
        f"configure: settings: {value!r} is not right; write the path of a YAML or TOML file"
    ]


def test_an_object_of_settings_is_looked_into(problems: Problems) -> None:
    """A section that is given as an object is checked like one that is given by name."""
    limits = Limits(warning="10 %", critical=0.2)  # type: ignore[arg-type]  # which is tested

    assert problems(indicators=IndicatorLimits(repair_rate=limits)) == [
        "configure: indicators.repair_rate.warning: '10 %' is not right; write a finite number"
    ]


def test_a_folder_is_no_log(problems: Problems, tmp_path: Path) -> None:
    """It is told where it is asked for, not at the first attempt; the run's id is filled in."""
    (tmp_path / "runs" / "25K").mkdir(parents=True)
    sentence = "is a folder; write the path of a file"

    assert problems(log="runs") == [f"configure: log: 'runs' {sentence}"]
    assert problems(log="runs/{run_id}", run_id="25K") == [
        f"configure: log: 'runs/{{run_id}}' {sentence}"
    ]
    assert problems({"OTEL_PERSONA_LOG": "runs"}) == [f"OTEL_PERSONA_LOG: 'runs' {sentence}"]


def test_a_log_in_a_folder_of_runs(run: Callable[..., Any], tmp_path: Path) -> None:
    """The folder that is to hold the runs' logs may be there already."""
    (tmp_path / "runs").mkdir()
    ended = run("op.configure(log='runs/{run_id}'); generate('1')")

    assert (ended.code, ended.errors) == (0, "")
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_nothing_is_set_up(problems: Problems, tmp_path: Path) -> None:
    """A call that is refused leaves no file and no processor."""
    provider = TracerProvider(shutdown_on_exit=False)
    sampler = provider.sampler
    problems(log="generation.log", tracer_provider=provider, meter_provider=5)

    assert provider.sampler is sampler
    assert list(tmp_path.iterdir()) == []
