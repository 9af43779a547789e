"""A program with decorators alone, set up by its environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
Lines = Callable[..., Any]


def test_a_variable_is_enough(run: Run, lines: Lines) -> None:
    """``OTEL_PERSONA_LOG`` alone gives lines; nothing else is heard of it."""
    ended = run(
        "for number in range(3): generate(str(number), tokens=5)",
        OTEL_PERSONA_LOG="generation.log",
        OTEL_PERSONA_RUN_ID="25K_20260131",
    )

    assert (ended.code, ended.output, ended.errors) == (0, "", "")
    assert [record.persona_id for record in lines()] == ["0", "1", "2"]
    assert {record.run_id for record in lines()} == {"25K_20260131"}
    assert {record.prompt_tokens for record in lines()} == {5}


def test_a_file_of_settings_is_enough(run: Run, lines: Lines, tmp_path: Path) -> None:
    """``OTEL_PERSONA_SETTINGS`` may say all of it."""
    (tmp_path / "settings.toml").write_text('log = "generation.log"\nstages = ["draft"]\n')
    ended = run(
        """
@op.attempt(stage="draft")
def draft(persona_id):
    pass
draft("1")
""",
        decorated=False,
        OTEL_PERSONA_SETTINGS="settings.toml",
    )

    assert (ended.code, ended.errors) == (0, "")
    assert [record.stage for record in lines()] == ["draft"]


def test_nothing_asked_for_does_nothing(run: Run, tmp_path: Path) -> None:
    """Without a variable and without a call there is no file, no SDK, and no noise."""
    ended = run("generate('1'); say(sdk=any('opentelemetry.sdk' in name for name in sys.modules))")

    assert ended.said == [{"sdk": False}]
    assert ended.errors == ""
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_a_log_leaves_the_providers_alone(run: Run, tmp_path: Path) -> None:
    """Settings without a place to write to write nowhere."""
    (tmp_path / "settings.yaml").write_text("tier: 25K\n")
    ended = run("generate('1')", OTEL_PERSONA_SETTINGS="settings.yaml")

    assert (ended.code, ended.errors) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["settings.yaml"]


def test_a_bad_environment_is_told_where_it_is_used_first(run: Run, tmp_path: Path) -> None:
    """The decoration raises, with every problem; the import does not."""
    ended = run(
        """
say(imported=True)
try:
    @op.attempt(stage="B")
    def generate(persona_id):
        pass
except op.SettingsError as error:
    say(problems=error.problems)
""",
        decorated=False,
        OTEL_PERSONA_LOG="generation.log",
        OTEL_PERSONA_BATCH="weekly",
        OTEL_PERSONA_FSNYC="line",
    )

    imported, refused = ended.said
    assert imported == {"imported": True}
    assert len(refused["problems"]) == 2
    assert any("OTEL_PERSONA_BATCH: 'weekly'" in problem for problem in refused["problems"])
    assert any("did you mean OTEL_PERSONA_FSYNC?" in problem for problem in refused["problems"])
    assert list(tmp_path.iterdir()) == []


def test_stages_of_the_environment_hold_at_decoration(run: Run) -> None:
    """What the environment declares a decorator takes, and nothing else."""
    ended = run(
        """
op.attempt(stage="draft")
try:
    op.attempt(stage="B")
except op.UsageError as error:
    say(error=str(error))
""",
        decorated=False,
        OTEL_PERSONA_STAGES="draft, final",
    )

    (said,) = ended.said
    assert "'B' is not declared; there are draft, final" in said["error"]


def test_many_threads_may_be_the_first(run: Run, lines: Lines) -> None:
    """Sixteen threads whose first attempts begin at once set up once, and lose nothing."""
    ended = run(
        """
import threading
start = threading.Barrier(16)

def work(name):
    start.wait()
    for number in range(50):
        generate(f"{name}-{number}")

threads = [threading.Thread(target=work, args=(name,)) for name in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
""",
        OTEL_PERSONA_LOG="generation.log",
    )

    assert (ended.code, ended.errors) == (0, "")
    expected = {f"{name}-{number}" for name in range(16) for number in range(50)}
    assert len(lines()) == 800
    assert {record.persona_id for record in lines()} == expected
    assert len({record.run_id for record in lines()}) == 1


def test_a_call_beats_the_environment(run: Run, lines: Lines, tmp_path: Path) -> None:
    """``configure`` takes what it is given, and the rest from the variables."""
    ended = run(
        "op.configure(log='given.log'); generate('1')",
        OTEL_PERSONA_LOG="generation.log",
        OTEL_PERSONA_RUN_ID="25K_20260131",
    )

    assert ended.code == 0, ended.errors
    assert [record.run_id for record in lines("given.log")] == ["25K_20260131"]
    assert not (tmp_path / "generation.log").exists()


def test_a_provider_that_somebody_has_set_up_is_joined(run: Run, lines: Lines) -> None:
    """The environment adds the log to the SDK that is there already."""
    ended = run(
        """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
generate("1")
say(same=trace.get_tracer_provider() is provider, spans=len(exporter.get_finished_spans()))
""",
        OTEL_PERSONA_LOG="generation.log",
    )

    assert ended.said == [{"same": True, "spans": 1}]
    assert ended.errors == ""
    assert len(lines()) == 1


def test_a_run_without_a_name_gets_one(run: Run, lines: Lines, tmp_path: Path) -> None:
    """The tier and the time make the run's id, the same for all of the process."""
    ended = run(
        "generate('1'); generate('2')",
        OTEL_PERSONA_LOG="{run_id}.log",
        OTEL_PERSONA_TIER="25K",
    )

    assert ended.code == 0, ended.errors
    (name,) = tmp_path.glob("25K_*.log")
    assert {record.run_id for record in lines(name.name)} == {name.stem}
