"""A program with decorators alone, set up by ``opentelemetry-instrument`` and its environment."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Launch = Callable[..., Any]
Lines = Callable[..., Any]
Metric = Callable[[str], list[float]]

EVERY_SIGNAL = {"/v1/traces", "/v1/metrics", "/v1/logs"}
GENERATE_200 = "for number in range(200): generate(str(number))"


def test_everything_is_sent_and_every_line_written(
    launch: Launch,
    lines: Lines,
    sending: dict[str, str],
    http_collector: Any,
    metric: Metric,
    events: Callable[[], list[str]],
) -> None:
    """Spans, metrics, figures and events arrive; nobody has called us."""
    done = launch(
        "for number in range(4): generate(str(number))",
        OTEL_PERSONA_LOG="generation.log",
        OTEL_PERSONA_RUN_ID="25K_20260131",
        OTEL_PERSONA_BATCH="attempts:2",
        **sending,
    )

    assert (done.stdout, done.stderr) == ("", "")
    assert http_collector.places == EVERY_SIGNAL
    assert http_collector.personas() == ["0", "1", "2", "3"]
    assert metric("persona.attempts") == [4]
    assert metric("persona.batch.batch_size") == [2]
    assert {event.partition(":")[0] for event in events()} == {"persona.drift"}
    assert [(line.persona_id, line.run_id) for line in lines()] == [
        (str(number), "25K_20260131") for number in range(4)
    ]


def test_a_variable_is_an_option_of_the_launcher(
    launch: Launch, lines: Lines, sending: dict[str, str]
) -> None:
    """``--persona_log`` says what ``OTEL_PERSONA_LOG`` does."""
    launch("generate('1')", "--persona_log", "generation.log", "--persona_tier", "25K", **sending)

    assert [line.run_id.partition("_")[0] for line in lines()] == ["25K"]


def test_a_log_is_not_needed(
    launch: Launch, tmp_path: Path, sending: dict[str, str], metric: Metric
) -> None:
    """Without ``OTEL_PERSONA_LOG`` there are figures and no file."""
    launch(GENERATE_200, OTEL_PERSONA_BATCH="attempts:100", **sending)

    assert metric("persona.tier.total_attempts") == [200]
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


@pytest.mark.parametrize("sampler", ["traceidratio", "parentbased_traceidratio"])
def test_what_is_not_sampled_is_kept(
    launch: Launch,
    lines: Lines,
    sending: dict[str, str],
    http_collector: Any,
    metric: Metric,
    sampler: str,
) -> None:
    """At 1 % few spans arrive, and every line and figure is there."""
    launch(
        GENERATE_200,
        OTEL_PERSONA_LOG="generation.log",
        OTEL_PERSONA_BATCH="attempts:100",
        OTEL_TRACES_SAMPLER=sampler,
        OTEL_TRACES_SAMPLER_ARG="0.01",
        **sending,
    )

    sampled = [line.persona_id for line in lines() if line.trace_id]
    assert len(lines()) == 200
    assert len(sampled) < 50
    assert sorted(http_collector.personas()) == sorted(sampled)
    assert metric("persona.attempts") == [200]
    assert metric("persona.tier.total_attempts") == [200]


def test_a_killed_program_has_lost_no_line(
    launch: Launch, lines: Lines, quiet: dict[str, str]
) -> None:
    """The instrumentor's lines are written before the decorated call returns."""
    launch(
        GENERATE_200 + "\nos.kill(os.getpid(), signal.SIGKILL)",
        code=-signal.SIGKILL,
        OTEL_PERSONA_LOG="generation.log",
        **quiet,
    )

    assert len(lines()) == 200


INSTRUMENT = """
from otel_persona.entry_points.instrumentor import PersonaInstrumentor
first, second = PersonaInstrumentor(), PersonaInstrumentor()
"""


def test_twice_is_once(launch: Launch, lines: Lines, quiet: dict[str, str]) -> None:
    """A further call changes nothing and warns of nothing, whatever it asks for."""
    done = launch(
        INSTRUMENT
        + """
for each in (first, second):
    assert each.is_instrumented_by_opentelemetry
    each.instrument(skip_dep_check=True, log="other.log")
generate("1")
""",
        OTEL_PERSONA_LOG="generation.log",
        **quiet,
    )

    assert done.stderr == ""
    assert len(lines()) == 1


def test_a_call_that_comes_later_takes_its_place(
    launch: Launch, lines: Lines, sending: dict[str, str], http_collector: Any
) -> None:
    """A program may still call ``configure``: its log is used, and each span is sent once."""
    done = launch(
        "op.configure(log='mine.log'); generate('1'); op.shutdown()",
        OTEL_PERSONA_LOG="generation.log",
        **sending,
    )

    assert done.stderr == ""
    assert [line.persona_id for line in lines("mine.log")] == ["1"]
    assert http_collector.personas() == ["1"]


def test_a_call_that_came_before_stays(launch: Launch, lines: Lines, quiet: dict[str, str]) -> None:
    """Some launchers instrument when the program already runs."""
    done = launch(
        "op.configure(log='mine.log')\n"
        + INSTRUMENT
        + "first.instrument(log='other.log'); generate('1')",
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="persona",
        **quiet,
    )

    assert done.stderr == ""
    assert len(lines("mine.log")) == 1


def test_what_launchers_hand_over_is_taken(
    launch: Launch, lines: Lines, quiet: dict[str, str]
) -> None:
    """Flags of launchers mean nothing here; providers are those of ``configure``."""
    done = launch(
        INSTRUMENT
        + """
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
tracers = TracerProvider()
first.instrument(
    skip_dep_check=True, raise_exception_on_conflict=True, log="generation.log",
    tracer_provider=tracers, meter_provider=MeterProvider(), logger_provider=None,
)
generate("1")
print(trace.get_tracer_provider() is not tracers)
""",
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="persona",
        **quiet,
    )

    assert (done.stdout, done.stderr) == ("True\n", "")
    assert len(lines()) == 1


def test_uninstrument_closes_the_figures(
    launch: Launch, lines: Lines, sending: dict[str, str], metric: Metric
) -> None:
    """What was open is closed, as by ``shutdown``, and can be set up anew."""
    launch(
        "generate('1')\n"
        + INSTRUMENT
        + """
first.uninstrument()
assert not second.is_instrumented_by_opentelemetry
second.instrument(log="second.log")
generate("2")
""",
        OTEL_PERSONA_LOG="generation.log",
        **sending,
    )

    assert [line.persona_id for line in lines()] == ["1"]
    assert [line.persona_id for line in lines("second.log")] == ["2"]
    assert metric("persona.batch.batch_size") == [1]


def test_wrong_settings_are_told_together_and_stop_nobody(
    launch: Launch, quiet: dict[str, str]
) -> None:
    """One warning has every problem; the program, and other instrumentors, go on."""
    done = launch(
        "print('went on')",
        decorated=False,
        OTEL_PERSONA_LOG="generation.log",
        OTEL_PERSONA_BATCH="weekly",
        OTEL_PERSONA_FSNYC="line",
        **quiet,
    )

    assert done.stdout == "went on\n"
    assert done.stderr.count("\n") == 1
    assert "OTEL_PERSONA_BATCH: 'weekly' is not right" in done.stderr
    assert "OTEL_PERSONA_FSNYC: no such setting; did you mean OTEL_PERSONA_FSYNC?" in done.stderr


def test_the_switch_for_everything_switches_this_off(
    launch: Launch, tmp_path: Path, sending: dict[str, str], http_collector: Any
) -> None:
    """With ``OTEL_SDK_DISABLED`` no file is made, nothing is sent, and nothing said."""
    done = launch(
        "generate('1')", OTEL_SDK_DISABLED="true", OTEL_PERSONA_LOG="generation.log", **sending
    )

    assert done.stderr == ""
    assert http_collector.personas() == []
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


POOL = """
import multiprocessing

def work(name):
    for number in range(50): generate(f"{{name}}-{{number}}")

if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    workers = [context.Process(target=work, args=(name,)) for name in "ab"]
    for worker in workers: worker.start()
    work("main")
    for worker in workers: worker.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("exporters", ["none", "persona_file"])
def test_workers_write_each_line_once(
    launch: Launch, lines: Lines, quiet: dict[str, str], method: str, exporters: str
) -> None:
    """Children of either kind write to their parent's log, also where it is named twice."""
    done = launch(
        POOL.format(method=method),
        **quiet | {"OTEL_TRACES_EXPORTER": exporters},
        OTEL_PERSONA_LOG="generation.log",
    )

    assert done.stderr == ""
    expected = [f"{name}-{number}" for name in ("a", "b", "main") for number in range(50)]
    assert sorted(line.persona_id for line in lines()) == sorted(expected)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_send_what_the_launchers_providers_hold(
    launch: Launch,
    sending: dict[str, str],
    http_collector: Any,
    attempts_by_process: Callable[[], list[int]],
    method: str,
) -> None:
    """A worker ends without ``atexit``, and the providers that it inherits with all they hold."""
    launch(POOL.format(method=method), **sending)

    expected = [f"{name}-{number}" for name in ("a", "b", "main") for number in range(50)]
    assert sorted(http_collector.personas()) == sorted(expected)
    assert attempts_by_process() == [50, 50, 50]


def test_providers_are_built_where_the_launcher_builds_none(
    launch: Launch, lines: Lines, sending: dict[str, str], http_collector: Any
) -> None:
    """Without a distribution there are none; ours are built then, as by ``configure``."""
    launch(
        "generate('1')",
        OTEL_PYTHON_CONFIGURATOR="nobody",
        OTEL_PERSONA_LOG="generation.log",
        **sending,
    )

    assert http_collector.personas() == ["1"]
    assert len(lines()) == 1


WITHOUT_THE_PACKAGE = """
import sys
import otel_persona.entry_points.instrumentor
sys.exit(any("opentelemetry.instrumentation" in name for name in sys.modules))
"""


def test_the_launchers_package_is_not_needed() -> None:
    """The instrumentor imports nothing of it, so that other launchers can use it too."""
    assert subprocess.run([sys.executable, "-c", WITHOUT_THE_PACKAGE], check=False).returncode == 0
