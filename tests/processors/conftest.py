"""Programs of their own, counters from zero, and attempts made by the dozen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import otel_persona as op
from otel_persona.analysis import LogReader, Skipped
from otel_persona.instrumentation import telemetry
from otel_persona.records import AttemptRecord, tallies


@pytest.fixture(autouse=True)
def _nothing_of_other_tests() -> Iterator[None]:
    for tally in (tallies.lost, tallies.rejected, tallies.warned, tallies.faults):
        tally.reset()
    yield
    telemetry.install(None)


@pytest.fixture(scope="session")
def counts() -> Callable[[str], dict[str, int]]:
    """Give a function that reads one of the counters about ourselves, by reason."""
    return lambda name: getattr(tallies, name).counts()


@pytest.fixture(scope="session")
def read() -> Callable[[Path], list[AttemptRecord]]:
    """Give a function that reads a log, all of whose lines must be whole."""

    def records(path: Path) -> list[AttemptRecord]:
        skipped: list[Skipped] = []
        found = list(LogReader([str(path)], skipped.append))
        assert skipped == []
        return found

    return records


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Give a function that runs a program to its end; it gives what the program has printed."""

    def run_script(script: str, *arguments: object, **variables: str) -> str:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        done = subprocess.run(
            [sys.executable, "-c", script, *map(str, arguments)],
            cwd=tmp_path,
            env=environ | variables,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_script


@op.attempt(stage="B")
def _generate(
    persona_id: str,
    *,
    repairs: tuple[str, ...] = (),
    scores: dict[str, float] | None = None,
    move: str | None = None,
    anchors: tuple[str, ...] = (),
    tokens: tuple[int, int] | None = None,
    fails: bool = False,
) -> None:
    attempt = op.current_attempt()
    attempt.record_repair(*repairs)
    attempt.record_scores(scores or {})
    attempt.record_anchors(*anchors)
    if move is not None:
        attempt.record_opening_move(move)
    if tokens is not None:
        attempt.record_usage(prompt_tokens=tokens[0], completion_tokens=tokens[1])
    if fails:
        attempt.fail("the text is empty")


@pytest.fixture(scope="session")
def generate() -> Callable[..., Any]:
    """Give a decorated function that records what it is told to."""
    return _generate
