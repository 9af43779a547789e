"""The log and the figures as exporters, and logs that are named twice."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_persona as op
from otel_persona.entry_points.drift_exporter import PersonaDriftExporter
from otel_persona.entry_points.file_exporter import PersonaFileExporter
from otel_persona.entry_points.sidecars_exporter import PersonaSidecarsExporter
from otel_persona.exporters import claims
from otel_persona.instrumentation import telemetry
from otel_persona.instrumentation.telemetry import Telemetry
from otel_persona.records import tallies
from otel_persona.settings import Settings

Launch = Callable[..., Any]
Lines = Callable[..., Any]

GENERATE_200 = "for number in range(200): generate(str(number))"
FLUSH = """
from opentelemetry import trace
trace.get_tracer_provider().force_flush()
"""
ALL_200 = sorted(str(number) for number in range(200))


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TracerProvider]:
    """Give a provider that attempts use, in the test's folder."""
    monkeypatch.chdir(tmp_path)
    tallies.lost.reset()
    tallies.rejected.reset()
    provider = TracerProvider(shutdown_on_exit=False)
    telemetry.install(Telemetry(Settings(run_id="25K_a"), tracer_provider=provider))
    yield provider
    provider.shutdown()
    telemetry.install(None)


def _generate(*persona_ids: str) -> None:
    for persona_id in persona_ids:
        with op.attempt(stage="B", persona_id=persona_id):
            pass


def _written(lines: Lines, name: str = "generation.log") -> list[str]:
    return sorted(line.persona_id for line in lines(name))


def test_an_exporter_alone_writes_what_is_sampled(
    launch: Launch, lines: Lines, quiet: dict[str, str]
) -> None:
    """Behind the stock batch processor it sees no unsampled attempt."""
    done = launch(
        GENERATE_200,
        **quiet | {"OTEL_TRACES_EXPORTER": "persona_file"},
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="persona",
        OTEL_TRACES_SAMPLER="traceidratio",
        OTEL_TRACES_SAMPLER_ARG="0.5",
    )

    assert done.stderr == ""
    assert 50 < len(lines()) < 150
    assert all(line.trace_id for line in lines())


@pytest.mark.parametrize("exporters", ["persona_file", "console,persona_file,persona_drift"])
def test_a_log_that_is_named_twice_has_each_line_once(
    launch: Launch, lines: Lines, quiet: dict[str, str], exporters: str
) -> None:
    """The instrumentor writes at once, the exporter sees the same span later, elsewhere."""
    done = launch(
        """
def work(first):
    for number in range(first, 200, 4): generate(str(number))

threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
""",
        **quiet | {"OTEL_TRACES_EXPORTER": exporters},
        OTEL_PERSONA_LOG="generation.log",
    )

    assert done.stderr == ""
    assert _written(lines) == ALL_200


def test_a_log_that_is_named_twice_has_each_line_when_killed(
    launch: Launch, lines: Lines, quiet: dict[str, str]
) -> None:
    """Killed in the middle of an export, no line is lost and none there twice."""
    launch(
        GENERATE_200 + "\nos.kill(os.getpid(), signal.SIGKILL)",
        code=-9,
        **quiet | {"OTEL_TRACES_EXPORTER": "persona_file"},
        OTEL_PERSONA_LOG="generation.log",
        OTEL_BSP_SCHEDULE_DELAY="1",
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE="8",
    )

    assert _written(lines) == ALL_200


def test_shards_that_are_named_twice(
    launch: Launch, lines: Lines, quiet: dict[str, str], tmp_path: Path
) -> None:
    """``{run_id}`` is the process's own, ``{pid}`` the child's after a fork."""
    done = launch(
        """
generate("1")
child = os.fork()
generate("2" if child else "3")
if child: os.waitpid(child, 0)
else:
    from opentelemetry import trace
    trace.get_tracer_provider().force_flush()
    os._exit(0)
""",
        **quiet | {"OTEL_TRACES_EXPORTER": "persona_file"},
        OTEL_PERSONA_LOG="{run_id}-{pid}.log",
        OTEL_PERSONA_TIER="25K",
        # Python 3.12 warns of every fork beside threads, which the SDK starts.
        PYTHONWARNINGS="ignore:This process:DeprecationWarning",
    )

    assert done.stderr == ""
    written = [_written(lines, path.name) for path in tmp_path.glob("25K_*-*.log")]
    assert sorted(written) == [["1", "2"], ["3"]]


@pytest.mark.parametrize("processor", [SimpleSpanProcessor, BatchSpanProcessor])
@pytest.mark.parametrize("is_first", [True, False])
def test_public_parts_that_name_a_log_twice(
    provider: TracerProvider, lines: Lines, tmp_path: Path, processor: Any, is_first: bool
) -> None:
    """Whichever comes first, whatever the path looks like, and also where spans are copied."""
    by_name = processor(PersonaFileExporter(path=f"../{tmp_path.name}/generation.log"))
    by_hand = op.AttemptSpanProcessor(op.AttemptFileExporter(Path("generation.log").absolute()))
    for each in (by_name, by_hand) if is_first else (by_hand, by_name):
        provider.add_span_processor(each)
    provider.add_span_processor(_Copying(op.AttemptFileExporter("generation.log")))
    _generate("1", "2", "3")
    provider.force_flush()
    _generate("4")
    provider.shutdown()

    assert _written(lines) == ["1", "2", "3", "4"]


def test_a_line_is_there_when_the_call_returns(
    provider: TracerProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if another thread was faster: who finds it writing the line waits, and no longer."""
    monkeypatch.setattr(claims, "_LONGEST_WAIT_S", 3_600.0)
    log = tmp_path / "generation.log"
    ended = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(ended))
    _generate("1")
    (span,) = ended.get_finished_spans()
    slow = _Slow(span)
    first, second = op.AttemptFileExporter(log), op.AttemptFileExporter(log)
    seen = []

    def write_it_too() -> None:
        second.export([span])
        seen.append(log.read_text() if log.exists() else "")

    faster = threading.Thread(target=first.export, args=([slow],))
    later = threading.Thread(target=write_it_too, daemon=True)
    faster.start()
    assert slow.is_read.wait(30)
    later.start()
    later.join(0.2)
    slow.may_go_on.set()
    faster.join()
    later.join(30)

    assert seen == [log.read_text()]
    assert seen[0].count("\n") == 1


class _Copy(ReadableSpan):
    """A span like another, as Logfire gives its processors."""

    def __init__(self, span: ReadableSpan) -> None:
        super().__init__(
            name=span.name,
            context=span.context,
            attributes=span.attributes,
            start_time=span.start_time,
            end_time=span.end_time,
        )


class _Slow(_Copy):
    """A span that keeps whoever reads its attributes waiting."""

    def __init__(self, span: ReadableSpan) -> None:
        super().__init__(span)
        self.is_read, self.may_go_on = threading.Event(), threading.Event()

    @property
    def attributes(self) -> Any:
        self.is_read.set()
        self.may_go_on.wait(30)
        return super().attributes


class _Copying(SpanProcessor):
    """Passes on copies of the spans."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def on_end(self, span: ReadableSpan) -> None:
        self._exporter.export([_Copy(span)])


def test_a_second_exporter_costs_no_line_of_earlier_spans(
    provider: TracerProvider, lines: Lines
) -> None:
    """Spans that wait for the first are written although the second has not seen them."""
    waiting = BatchSpanProcessor(op.AttemptFileExporter("generation.log"))
    provider.add_span_processor(waiting)
    _generate("1", "2")
    provider.add_span_processor(op.AttemptSpanProcessor(op.AttemptFileExporter("generation.log")))
    _generate("3")
    provider.force_flush()

    assert _written(lines) == ["1", "2", "3"]


def test_two_logs_get_all_lines_each(provider: TracerProvider, lines: Lines) -> None:
    """Only one file's line is written once; a second file is a log of its own."""
    for name in ("generation.log", "other.log"):
        provider.add_span_processor(op.AttemptSpanProcessor(op.AttemptFileExporter(name)))
    _generate("1", "2")

    assert _written(lines) == _written(lines, "other.log") == ["1", "2"]


def test_attempts_after_a_shutdown_have_one_line(provider: TracerProvider, lines: Lines) -> None:
    """Exporters that are shut down still write, and still each line once."""
    for _ in range(2):
        exporter = op.AttemptFileExporter("generation.log")
        provider.add_span_processor(op.AttemptSpanProcessor(exporter))
        exporter.shutdown()
    _generate("1", "2")

    assert _written(lines) == ["1", "2"]


def test_the_settings_in_use_are_the_exporters(provider: TracerProvider, lines: Lines) -> None:
    """Path and run come from what the process was set up with, after the exporter was made."""
    provider.add_span_processor(SimpleSpanProcessor(PersonaFileExporter()))
    settings = Settings(run_id="25K_b", log="{run_id}.log")
    telemetry.install(Telemetry(settings, tracer_provider=provider))
    _generate("1")

    assert _written(lines, "25K_b.log") == ["1"]


def test_nothing_is_made_without_an_attempt(provider: TracerProvider, tmp_path: Path) -> None:
    """Spans of others make no file, and set nothing up."""
    telemetry.install(None)
    provider.add_span_processor(SimpleSpanProcessor(PersonaFileExporter()))
    provider.add_span_processor(SimpleSpanProcessor(PersonaDriftExporter()))
    provider.add_span_processor(SimpleSpanProcessor(PersonaSidecarsExporter()))
    provider.get_tracer("theirs").start_span("theirs").end()

    assert telemetry.installed() is None
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_property_is_told_once_and_counted(
    provider: TracerProvider, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """The generation goes on; what it costs is counted."""
    provider.add_span_processor(SimpleSpanProcessor(PersonaFileExporter(fsync="always")))  # type: ignore[arg-type]
    provider.add_span_processor(SimpleSpanProcessor(PersonaDriftExporter(btach="attempts:1")))
    provider.add_span_processor(SimpleSpanProcessor(PersonaSidecarsExporter(tier="")))
    with caplog.at_level(logging.WARNING):
        _generate("1", "2", "3")

    file, drift, sidecars = (record.getMessage() for record in caplog.records)
    assert "persona_file writes nothing: AttemptFileExporter: fsync must be" in file
    assert "persona_drift folds nothing: configure: btach: no such setting; did you mean" in drift
    assert tallies.lost.counts() == {"settings": 3}
    assert "persona_sidecars writes nothing: configure: tier: '' is not right" in sidecars
    assert tallies.rejected.counts() == {"settings": 6}
    assert list(tmp_path.iterdir()) == []


def test_many_threads_make_one(provider: TracerProvider, lines: Lines) -> None:
    """Threads whose first attempts end at once share one exporter, and one fold."""
    figures = PersonaDriftExporter(batch="attempts:400")
    provider.add_span_processor(SimpleSpanProcessor(PersonaFileExporter()))
    provider.add_span_processor(_Concurrent(figures))
    start = threading.Barrier(8)

    def work(name: int) -> None:
        start.wait()
        _generate(*(f"{name}-{number}" for number in range(50)))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(_written(lines)) == len(set(_written(lines))) == 400


class _Concurrent(SpanProcessor):
    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def on_end(self, span: ReadableSpan) -> None:
        assert self._exporter.export([span]) is SpanExportResult.SUCCESS


def test_the_figures_alone(
    launch: Launch, sending: dict[str, str], metric: Callable[[str], list[float]]
) -> None:
    """``persona_drift`` folds what it is given, by the environment's settings."""
    done = launch(
        GENERATE_200 + FLUSH,
        **sending | {"OTEL_TRACES_EXPORTER": "persona_drift"},
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="persona",
        OTEL_PERSONA_BATCH="attempts:100",
    )

    assert done.stderr == ""
    assert metric("persona.tier.total_attempts") == [200]
    assert metric("persona.attempts") == [200]


def test_the_figures_alone_close_the_last_batch(
    launch: Launch, sending: dict[str, str], metric: Callable[[str], list[float]]
) -> None:
    """What is open when the provider shuts down is a partial batch."""
    launch(
        GENERATE_200 + FLUSH.replace("force_flush", "shutdown"),
        **sending | {"OTEL_TRACES_EXPORTER": "persona_drift"},
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="persona",
        OTEL_PERSONA_BATCH="attempts:150",
    )

    assert metric("persona.tier.total_attempts") == [200]
    assert metric("persona.batch.batch_size") == [50]


def test_the_figures_twice_are_counted_once(
    launch: Launch,
    sending: dict[str, str],
    metric: Callable[[str], list[float]],
    events: Callable[[], list[str]],
) -> None:
    """Beside the instrumentor ``persona_drift`` does nothing, also after it was shut down."""
    launch(
        GENERATE_200,
        **sending | {"OTEL_TRACES_EXPORTER": "otlp,persona_drift"},
        OTEL_PERSONA_BATCH="attempts:150",
    )

    assert metric("persona.tier.total_attempts") == [200]
    assert metric("persona.batch.batch_size") == [50]
    assert len(events()) == len(set(events())) > 0


def _in_tree(tmp_path: Path, tree: str = "REPRODUCIBILITY") -> list[int]:
    """Tell how many attempts each complete cohort in the tree has."""
    found = [json.loads(path.read_text()) for path in (tmp_path / tree).rglob("metadata.json")]
    assert all(content["complete"] for content in found)
    return [content["n_attempts"] for content in found]


@pytest.mark.parametrize("exporters", ["persona_sidecars", "console,persona_sidecars"])
def test_sidecars_alone(
    launch: Launch, quiet: dict[str, str], tmp_path: Path, exporters: str
) -> None:
    """Without a word about the tree it is that of the specification."""
    done = launch(
        GENERATE_200,
        **quiet | {"OTEL_TRACES_EXPORTER": exporters},
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="persona",
    )

    assert done.stderr == ""
    assert _in_tree(tmp_path) == [200]


def test_sidecars_that_are_named_twice_have_each_attempt_once(
    launch: Launch, quiet: dict[str, str], tmp_path: Path
) -> None:
    """Beside a set-up that has every attempt in the tree, the exporter does nothing."""
    done = launch(
        GENERATE_200,
        **quiet | {"OTEL_TRACES_EXPORTER": "persona_sidecars"},
        OTEL_PERSONA_SIDECARS="REPRODUCIBILITY",
    )

    assert done.stderr == ""
    assert _in_tree(tmp_path) == [200]


def test_sidecars_beside_a_set_up_without_them(
    launch: Launch, quiet: dict[str, str], lines: Lines, tmp_path: Path
) -> None:
    """The instrumentor writes the log, and the exporter the tree."""
    done = launch(
        GENERATE_200,
        **quiet | {"OTEL_TRACES_EXPORTER": "persona_sidecars"},
        OTEL_PERSONA_LOG="generation.log",
    )

    assert done.stderr == ""
    assert _written(lines) == ALL_200
    assert _in_tree(tmp_path) == [200]


def test_sidecars_take_any_setting(provider: TracerProvider, tmp_path: Path) -> None:
    """As in a declarative file; they are those of ``configure``."""
    exporter = PersonaSidecarsExporter(sidecars="tree", target="hobbies", symbol="Nord")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    _generate("1", "2")
    assert provider.force_flush()
    provider.shutdown()

    assert _in_tree(tmp_path, "tree") == [2, 2]
    assert (tmp_path / "tree/B/SYMBOL_SPECIFIC/hobbies/symbol=Nord").is_dir()
