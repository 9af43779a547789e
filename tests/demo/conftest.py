"""The demo as a user runs it: a process of its own, in an empty folder, with no terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Demo = Callable[..., subprocess.CompletedProcess[str]]


def _run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, "-m", "otel_persona", *arguments],
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="session")
def run_command() -> Demo:
    """Run ``otel-persona`` in a folder, with environment variables as keywords."""
    return _run


class Finished:
    """A demo that has ended: its output, and the lines of its log as they stand on the disk."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        process = _run(folder, "demo", *arguments)
        assert process.returncode == 0, process.stderr
        self.output = process.stdout
        self.log = folder / "otel-persona-demo" / "generation.log"
        self.lines: list[dict[str, Any]] = [
            json.loads(line) for line in self.log.read_text("utf-8").splitlines()
        ]

    def batches(self) -> list[list[dict[str, Any]]]:
        """Cut the lines into batches of 100 personas, which are numbered from 1."""
        cut: dict[int, list[dict[str, Any]]] = {}
        for line in self.lines:
            cut.setdefault((int(line["persona_id"]) - 1) // 100, []).append(line)
        return [cut[index] for index in sorted(cut)]


@pytest.fixture(scope="session")
def plain_demo(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The demo with its defaults."""
    return Finished(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="session")
def collapsed_demo(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The demo with its collapse."""
    return Finished(tmp_path_factory.mktemp("collapsed"), "--collapse")
