"""``CohortExporter`` on a provider of one's own: which cohorts attempts belong to."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_persona as op
from otel_persona.concurrency.serial_queue import on_behalf_of
from otel_persona.settings import Safety, SidecarSettings

EndSpan = Callable[..., None]
Counts = Callable[[str], dict[str, int]]
# But for a cohort's first attempts, nothing is written but at a flush: each test says when.
NEVER = Safety(telemetry=SidecarSettings(checkpoint_attempts=10**6, checkpoint_s=86_400))


@pytest.fixture
def writing_sidecars(tree: Any) -> Iterator[Callable[..., TracerProvider]]:
    """Give a function that makes a provider whose attempts go to the tree."""
    providers: list[TracerProvider] = []

    def make(**settings: Any) -> TracerProvider:
        provider = TracerProvider(shutdown_on_exit=False)
        exporter = op.CohortExporter(
            tree.root, settings=op.Settings(**{"safety": NEVER, **settings})
        )
        provider.add_span_processor(op.AttemptSpanProcessor(exporter))
        providers.append(provider)
        return provider

    yield make
    for provider in providers:
        provider.shutdown()


Writing = Callable[..., TracerProvider]


def test_attempts_are_in_the_cohort_of_their_target_and_that_of_their_symbol(
    writing_sidecars: Writing, end_span: EndSpan, tree: Any
) -> None:
    """The target is the attempt's, the settings' or the tier, the symbol may be missing."""
    provider = writing_sidecars(target="hobbies")
    end_span(provider, "1")
    end_span(provider, "2", **{"persona.symbol": "Nord"})
    end_span(provider, "3", **{"persona.target": "anchors", "persona.symbol": "Nord"})
    end_span(provider, "4", **{"persona.stage": "never declared"})
    assert provider.force_flush()

    assert tree.attempts() == {
        "B/CROSS_SECTIONAL/anchors/cr_25K_20260131_143200": 1,
        "B/CROSS_SECTIONAL/hobbies/cr_25K_20260131_143200": 2,
        "B/SYMBOL_SPECIFIC/anchors/Nord/sy_25K_20260131_143200": 1,
        "B/SYMBOL_SPECIFIC/hobbies/Nord/sy_25K_20260131_143200": 1,
        "never%20declared/CROSS_SECTIONAL/hobbies/cr_25K_20260131_143200": 1,
    }


def test_without_a_target_it_is_the_tier(
    writing_sidecars: Writing, end_span: EndSpan, tree: Any
) -> None:
    """The attempt's own, else that of its run's name; the settings may have a symbol for all."""
    provider = writing_sidecars(symbol="ro-MD")
    end_span(provider, "1")
    end_span(provider, "2", **{"persona.tier": "100K"})
    end_span(provider, "3", **{"persona.run.id": "other"})
    assert provider.force_flush()

    assert tree.attempts() == {
        "B/CROSS_SECTIONAL/100K/cr_25K_20260131_143200": 1,
        "B/CROSS_SECTIONAL/25K/cr_25K_20260131_143200": 1,
        "B/CROSS_SECTIONAL/other/cr_other": 1,
        "B/SYMBOL_SPECIFIC/100K/ro-MD/sy_25K_20260131_143200": 1,
        "B/SYMBOL_SPECIFIC/25K/ro-MD/sy_25K_20260131_143200": 1,
        "B/SYMBOL_SPECIFIC/other/ro-MD/sy_other": 1,
    }


def test_a_later_run_of_one_process_is_compared_with_the_one_before(
    writing_sidecars: Writing, end_span: EndSpan, tree: Any
) -> None:
    """A run is complete when its exporter is shut down, and not before."""
    for run in ("25K_1", "25K_2"):
        provider = writing_sidecars()
        for number in range(3):
            end_span(provider, str(number), **{"persona.run.id": run})
        provider.shutdown()

    drift = tree.files()["B/CROSS_SECTIONAL/25K/cohort=cr_25K_2/telemetry_drift.json"]
    assert drift["baselines"]["previous_run"]["run_ids"] == ["25K_1"]
    assert tree.files()["B/telemetry_rollup.json"]["run_id"] == "25K_2"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("persona.symbol", {"B/CROSS_SECTIONAL/25K/cr_25K_20260131_143200": 3}),
        ("persona.target", {"B/CROSS_SECTIONAL/25K/cr_25K_20260131_143200": 1}),
        ("persona.stage", {"B/CROSS_SECTIONAL/25K/cr_25K_20260131_143200": 1}),
        ("persona.run.id", {"B/CROSS_SECTIONAL/25K/cr_25K_20260131_143200": 1}),
    ],
)
def test_a_name_that_no_path_can_hold_costs_its_own_cohort_alone(
    writing_sidecars: Writing,
    end_span: EndSpan,
    counts: Counts,
    caplog: pytest.LogCaptureFixture,
    tree: Any,
    name: str,
    kept: dict[str, int],
) -> None:
    """It is told once, counted for each attempt, and the rest is written as ever."""
    provider = writing_sidecars()
    end_span(provider, "1")
    for number in range(2):
        end_span(provider, str(number), **{name: "ă" * 100})
        assert provider.force_flush()

    assert tree.attempts() == kept
    assert counts("rejected") == {"sidecars": 2}
    assert [line for line in caplog.messages if "takes 600 bytes" in line] == caplog.messages


@pytest.mark.parametrize("name", ["../../etc", "a/b", "a:b", "telemetry_x", "🙂", "cohort=x", "."])
def test_no_name_leaves_the_tree(
    writing_sidecars: Writing, end_span: EndSpan, tmp_path: Path, tree: Any, name: str
) -> None:
    """Targets and symbols are data: each gets a folder of its own, inside."""
    provider = writing_sidecars()
    end_span(provider, "1", **{"persona.target": name, "persona.symbol": name})
    assert provider.force_flush()

    assert sorted(tree.attempts().values()) == [1, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["REPRODUCIBILITY"]
    assert {content["target"] for content in tree.cohorts().values()} == {name}


def test_spans_that_are_no_attempts_are_none_of_our_business(
    writing_sidecars: Writing, end_span: EndSpan, counts: Counts, tree: Any
) -> None:
    """One that claims to be an attempt and makes no valid record is counted."""
    provider = writing_sidecars()
    provider.get_tracer("other").start_span("chat").end()
    end_span(provider, "1", **{"persona.attempt.number": 0})
    end_span(provider, "2")
    assert provider.force_flush()

    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_20260131_143200": 1}
    assert counts("rejected") == {"sidecars": 1}


def test_an_export_tells_whether_all_attempts_were_taken(end_span: EndSpan, tree: Any) -> None:
    """Whoever calls the exporter hears of a span that makes no valid record."""
    ended = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(ended))
    for number in (0, 1):
        end_span(provider, "1", **{"persona.attempt.number": number})
    wrong, right = ended.get_finished_spans()
    exporter = op.CohortExporter(tree.root, settings=op.Settings(safety=NEVER))

    assert exporter.export([right]) is SpanExportResult.SUCCESS
    assert exporter.export([wrong, right]) is SpanExportResult.FAILURE
    exporter.shutdown()
    assert list(tree.attempts().values()) == [2]


def test_a_flush_without_time_says_so_and_loses_nothing(end_span: EndSpan, tree: Any) -> None:
    """The next one writes it."""
    exporter = op.CohortExporter(tree.root, settings=op.Settings(safety=NEVER))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(op.AttemptSpanProcessor(exporter))
    end_span(provider, "1")
    assert exporter.force_flush()
    end_span(provider, "2")

    assert not exporter.force_flush(0)
    assert list(tree.attempts().values()) == [1]
    assert exporter.force_flush()
    assert list(tree.attempts().values()) == [2]


def test_a_flush_waits_for_a_lock_until_its_deadline_at_most(end_span: EndSpan, tree: Any) -> None:
    """However long writers may wait for each other otherwise."""
    patient = Safety(telemetry=SidecarSettings(lock_timeout_s=3_600))
    exporter = op.CohortExporter(tree.root, settings=op.Settings(safety=patient))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(op.AttemptSpanProcessor(exporter))
    end_span(provider, "1")
    assert exporter.force_flush()
    end_span(provider, "2")
    flushed: list[bool] = []

    with (tree.root / "B/CROSS_SECTIONAL/25K/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        flush = threading.Thread(
            target=lambda: flushed.append(exporter.force_flush(200)), daemon=True
        )
        flush.start()
        flush.join(30)

    assert flushed == [False]
    assert exporter.force_flush()
    assert list(tree.attempts().values()) == [2]


def test_an_attempt_after_the_shutdown_is_still_written(end_span: EndSpan, tree: Any) -> None:
    """As its line is; the cohort stays complete."""
    exporter = op.CohortExporter(tree.root, settings=op.Settings(safety=NEVER))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(op.AttemptSpanProcessor(exporter))
    end_span(provider, "1")
    exporter.shutdown()
    end_span(provider, "2")
    assert provider.force_flush()

    (metadata,) = tree.cohorts().values()
    assert (metadata["n_attempts"], metadata["complete"]) == (2, True)


def test_something_damaged_in_the_tree_is_told_once_and_passed_over(
    writing_sidecars: Writing,
    end_span: EndSpan,
    counts: Counts,
    caplog: pytest.LogCaptureFixture,
    tree: Any,
) -> None:
    """An earlier run whose facts are damaged is no baseline; each checkpoint comes upon it."""
    for run in ("25K_1", "25K_2"):
        provider = writing_sidecars()
        end_span(provider, "1", **{"persona.run.id": run})
        assert provider.force_flush()
        if run == "25K_1":
            provider.shutdown()
            (facts,) = tree.root.rglob("telemetry_metrics.json")
            facts.write_text("{")
    end_span(provider, "2", **{"persona.run.id": run})
    assert provider.force_flush()

    facts.unlink()
    assert tree.attempts()["B/CROSS_SECTIONAL/25K/cr_25K_2"] == 2
    damaged = [line for line in caplog.messages if "damaged" in line]
    assert len(damaged) == 1
    assert str(facts.parent) in damaged[0]
    assert counts("faults")["sidecars_damaged"] >= 2


def test_a_flush_that_the_writer_itself_waits_for_does_not_hang(
    writing_sidecars: Writing, end_span: EndSpan, tree: Any
) -> None:
    """A handler of what is logged while it writes may flush; the write goes on afterwards."""
    provider = writing_sidecars()
    end_span(provider, "1", **{"persona.run.id": "25K_1"})
    provider.shutdown()
    (damaged,) = tree.root.rglob("telemetry_metrics.json")
    damaged.write_text("{")
    exporter = op.CohortExporter(tree.root, settings=op.Settings(safety=NEVER))
    flushed: list[bool] = []

    class Flushing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            flush = threading.Thread(
                target=_flush_for, args=(exporter, threading.get_ident(), flushed), daemon=True
            )
            flush.start()
            flush.join(10)

    handler = Flushing()
    logging.getLogger("otel_persona").addHandler(handler)
    try:
        behind = TracerProvider(shutdown_on_exit=False)
        behind.add_span_processor(op.AttemptSpanProcessor(exporter))
        end_span(behind, "2", **{"persona.run.id": "25K_2"})
        assert exporter.force_flush()
    finally:
        logging.getLogger("otel_persona").removeHandler(handler)
    assert flushed == [False]
    damaged.unlink()
    assert tree.cohorts()["B/CROSS_SECTIONAL/25K/cr_25K_2"]["n_attempts"] == 1
    exporter.shutdown()


def _flush_for(exporter: op.CohortExporter, waiting: int, flushed: list[bool]) -> None:
    """Flush as a handle does: in a thread that another waits for."""
    on_behalf_of(waiting)
    flushed.append(exporter.force_flush(3_600_000))


def test_it_works_behind_any_span_processor(end_span: EndSpan, tree: Any) -> None:
    """The stock processors give it sampled spans."""
    exporter = op.CohortExporter(str(tree.root), settings=op.Settings(safety=NEVER))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    end_span(provider, "1")
    provider.shutdown()

    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_20260131_143200": 1}


@pytest.mark.parametrize("tree_path", ["", " ", 7, None, b"x", "a\0b"])
def test_a_tree_that_is_no_path_is_refused(tree_path: Any) -> None:
    """The error says what is right."""
    with pytest.raises(op.UsageError, match="CohortExporter: tree must be the path of a folder"):
        op.CohortExporter(tree_path)


def test_settings_are_refused_as_elsewhere(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong ones name the problem, and without any those of the environment count."""
    with pytest.raises(op.UsageError, match="CohortExporter: settings must be Settings"):
        op.CohortExporter(tree.root, settings={"run_id": "x"})  # type: ignore[arg-type]
    with pytest.raises(op.SettingsError, match="target"):
        op.CohortExporter(tree.root, settings=op.Settings(target=""))
    monkeypatch.setenv("OTEL_PERSONA_BATCH", "weekly")
    with pytest.raises(op.SettingsError, match="OTEL_PERSONA_BATCH"):
        op.CohortExporter(tree.root)


def test_not_enabled_it_writes_nothing(end_span: EndSpan, tree: Any) -> None:
    """Whoever adds it to a provider can still switch it off in the settings."""
    off = Safety(telemetry=SidecarSettings(enabled=False))
    exporter = op.CohortExporter(tree.root, settings=op.Settings(safety=off))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(op.AttemptSpanProcessor(exporter))
    before = threading.active_count()
    end_span(provider, "1")
    assert threading.active_count() == before
    assert provider.force_flush()
    provider.shutdown()

    assert not tree.root.exists()
