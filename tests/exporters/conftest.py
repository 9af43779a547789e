"""Logs as their readers see them, and programs that write them: processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_persona.analysis import LogReader, Skipped
from otel_persona.exporters import AttemptFileExporter
from otel_persona.instrumentation import telemetry
from otel_persona.processors import AttemptSpanProcessor
from otel_persona.records import AttemptRecord, tallies

PREAMBLE = """
import json, os, resource, sys, time
import otel_persona as op

def say(**facts):
    os.write(1, json.dumps(facts).encode() + b"\\n")

def hear():
    assert sys.stdin.readline() == "go\\n"

@op.attempt(stage="B")
def generate(persona_id, anchors=()):
    op.current_attempt().record_anchors(*anchors)
    return persona_id
"""


class Child:
    """A program that speaks with the test in lines of JSON, one for each ``say(...)``."""

    def __init__(self, folder: Path, script: str, *arguments: str) -> None:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + script, *arguments],
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        # One that hangs shall fail its test, not hang it.
        self._watch = threading.Timer(90, self._process.kill)
        self._watch.start()
        self.errors = ""

    def hear(self) -> dict[str, Any]:
        """Wait for what the program says next."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            pytest.fail(f"the program ended: {self.wait()} {self.errors}")
        return dict(msgspec.json.decode(line))

    def go_on(self) -> None:
        """Let the program go on that waits in ``hear()``."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()

    def kill(self) -> list[dict[str, Any]]:
        """Kill the program at once; gives what it had said and nobody has heard."""
        assert self._process.stdout is not None
        self._process.kill()
        said = self._process.stdout.read().split(b"\n")
        return [msgspec.json.decode(line) for line in said[:-1]]

    def wait(self) -> int:
        """Wait for the program's end; gives its exit code."""
        self.errors = self._process.communicate(timeout=60)[1].decode()
        return self._process.returncode

    def close(self) -> None:
        """End the program, whatever it does."""
        self._watch.cancel()
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    """Give a function that starts a program in the test's folder."""
    children: list[Child] = []

    def start_child(script: str, *arguments: object) -> Child:
        children.append(Child(tmp_path, script, *map(str, arguments)))
        return children[-1]

    yield start_child
    for child in children:
        child.close()


class Read:
    """What a reader makes of logs."""

    def __init__(self, *paths: Path) -> None:
        self.skipped: list[Skipped] = []
        self.records: list[AttemptRecord] = list(LogReader(map(str, paths), self.skipped.append))

    @property
    def ids(self) -> list[str]:
        """The personas, attempt by attempt."""
        return [record.persona_id for record in self.records]


@pytest.fixture(scope="session")
def read() -> Callable[..., Read]:
    """Give a function that reads logs as the analysis does."""
    return Read


class Tree:
    """A tree of sidecars as a reader finds it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self) -> dict[str, Any]:
        """Give what the JSON files hold, by their path, but for when they were written."""
        return {
            str(path.relative_to(self.root)): _undated(msgspec.json.decode(path.read_bytes()))
            for path in sorted(self.root.rglob("[!.]*.json"))
        }

    def cohorts(self) -> dict[str, dict[str, Any]]:
        """Give the metadata of each cohort, by ``STAGE/VIEW/target[/symbol]/run``."""
        return {
            "/".join(part.split("=")[-1] for part in path.split("/")[:-1]): content
            for path, content in self.files().items()
            if path.endswith("/metadata.json")
        }

    def attempts(self) -> dict[str, int]:
        """Give how many attempts each cohort has."""
        return {cohort: content["n_attempts"] for cohort, content in self.cohorts().items()}

    def parts(self) -> list[dict[str, Any]]:
        """Give the parts of all workers."""
        return [
            msgspec.json.decode(path.read_bytes()) for path in sorted(self.root.rglob(".part-*"))
        ]


def _undated(content: Any) -> Any:
    content.pop("created_at", None)
    content.pop("timestamp", None)
    return content


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Give the tree ``REPRODUCIBILITY`` in the test's folder."""
    return Tree(tmp_path / "REPRODUCIBILITY")


@pytest.fixture(scope="session")
def wait_for() -> Callable[[Callable[[], object]], None]:
    """Give a function that waits until something holds, and fails if it does not for long."""

    def wait(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, "it did not come about in 30 s"
            time.sleep(0.01)

    return wait


@pytest.fixture
def writing() -> Iterator[Callable[..., TracerProvider]]:
    """Give a function that makes a provider whose attempts go to a log, and nowhere else."""
    providers: list[TracerProvider] = []

    def make(path: object, **options: Any) -> TracerProvider:
        provider = TracerProvider(shutdown_on_exit=False)
        exporter = AttemptFileExporter(str(path), **options)
        provider.add_span_processor(AttemptSpanProcessor(exporter))
        providers.append(provider)
        return provider

    yield make
    for provider in providers:
        provider.shutdown()


ATTRIBUTES = {
    "persona.run.id": "25K_20260131_143200",
    "persona.stage": "B",
    "persona.attempt.number": 1,
    "persona.attempt.status": "success",
    "persona.attempt.latency_ms": 1250,
}


@pytest.fixture(scope="session")
def end_span() -> Callable[..., None]:
    """Give a function that ends one attempt's span, made by hand on a provider."""

    def end(provider: TracerProvider, persona_id: str, **attributes: Any) -> None:
        span = provider.get_tracer("by hand").start_span("generate_persona B")
        span.set_attributes({**ATTRIBUTES, "persona.id": persona_id, **attributes})
        span.end()

    return end


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
