"""An exporter that could not do what it is told is refused where it is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import otel_persona as op

PATHS = "the path of a file, with no placeholders but {pid} and {run_id}"


@pytest.fixture(autouse=True)
def _in_its_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OTEL_PERSONA_RUN_ID", raising=False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"fsync": "sometimes"}, "fsync must be never, second or line, not 'sometimes'"),
        ({"fsync": None}, "fsync must be never, second or line, not None"),
        ({"pending_records": -5}, "pending_records must be a whole number from 0, not -5"),
        ({"pending_records": 1.5}, "pending_records must be a whole number from 0, not 1.5"),
        ({"run_id": 25}, "run_id must be text of 1 to 200 characters, not 25"),
        ({"run_id": ""}, "run_id must be text of 1 to 200 characters, not ''"),
        ({"path": 5}, f"path must be {PATHS}, not 5"),
        ({"path": b"a.log"}, f"path must be {PATHS}, not b'a.log'"),
        ({"path": "  "}, f"path must be {PATHS}, not '  '"),
        ({"path": Path("a{rin_id}.log")}, f"path must be {PATHS}, not 'a{{rin_id}}.log'"),
    ],
)
def test_an_argument_that_cannot_be_used(arguments: dict[str, Any], sentence: str) -> None:
    """One sentence names the argument, its value and what would be right."""
    with pytest.raises(op.UsageError) as refused:
        op.AttemptFileExporter(**{"path": "generation.log", **arguments})

    assert str(refused.value) == f"AttemptFileExporter: {sentence}"


def test_a_path_of_runs_needs_a_run() -> None:
    """Without one all runs would share a file, whose name says that it is one run's."""
    with pytest.raises(op.UsageError) as refused:
        op.AttemptFileExporter("gen-{run_id}.log")

    assert str(refused.value) == (
        "AttemptFileExporter: nothing fills in {run_id} of the path 'gen-{run_id}.log'; "
        "give run_id, or set OTEL_PERSONA_RUN_ID"
    )


@pytest.mark.parametrize(("given", "name"), [(None, "gen-25K.log"), ("pilot", "gen-pilot.log")])
def test_the_environment_may_name_the_run(
    writing: Callable[..., Any],
    end_span: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: str | None,
    name: str,
) -> None:
    """``OTEL_PERSONA_RUN_ID`` fills in the path unless ``run_id`` does."""
    monkeypatch.setenv("OTEL_PERSONA_RUN_ID", "25K")
    end_span(writing("gen-{run_id}.log", run_id=given), "1")

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_path_without_runs_needs_none(
    writing: Callable[..., Any], end_span: Callable[..., None], tmp_path: Path
) -> None:
    """A log that all runs share is as fine as ever."""
    end_span(writing("generation.log"), "1")

    assert [path.name for path in tmp_path.iterdir()] == ["generation.log"]
