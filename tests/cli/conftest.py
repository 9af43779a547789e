"""The command line as a user meets it: a process, its output, and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from otel_persona.records import AttemptRecord, encode_line

COMMAND = [sys.executable, "-m", "otel_persona"]
_SETTINGS = ("OTEL_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "PYTHON")


@pytest.fixture(scope="session")
def command() -> list[str]:
    """Give the words that start the command line."""
    return COMMAND


@pytest.fixture(scope="session")
def environ() -> dict[str, str]:
    """Give the environment without anything that steers the output."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}


@pytest.fixture(scope="session")
def cli(environ: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a function that runs a command to its end and gives its output and exit code."""

    def run(
        *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            env=environ | dict(env or {}),
            timeout=60,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


@pytest.fixture(scope="session")
def line(make_entry: Callable[..., dict[str, Any]]) -> Callable[..., bytes]:
    """Give a function that writes a line with the given fields."""
    usual = {
        "validator_scores": {"trait_leak": 0.0, "opening_variation": 1.0, "pollyanna": 0.6},
        "opening_move": "situational_hook",
        "anchors_used": ["piața din Cahul"],
    }
    return lambda **fields: encode_line(AttemptRecord(**make_entry(**(usual | fields))))


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., str]:
    """Give a function that writes parts of bytes into a file and gives its path."""

    def write(*parts: bytes, name: str = "generation.log") -> str:
        path = tmp_path / name
        path.write_bytes(b"".join(parts))
        return str(path)

    return write


@pytest.fixture(scope="session")
def real_log(
    cli: Callable[..., subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Give the log of the demo: real texts, real latencies, tokens and failures."""
    folder = tmp_path_factory.mktemp("demo")
    done = cli("demo", "--out", str(folder), "--attempts", "600", "--collapse")
    assert done.returncode == 0, done.stderr
    return str(folder / "generation.log")
