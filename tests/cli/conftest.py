"""The command line as a user meets it: a process, its output, and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from otel_persona.demo.slices import sliced_attempts
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


@pytest.fixture(scope="session")
def sliced_log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a log of five runs of real requests, with targets and symbols, the newest first."""
    path = tmp_path_factory.mktemp("slices") / "slices.log"
    attempts = sorted(sliced_attempts(), key=lambda attempt: attempt.run_id, reverse=True)
    path.write_bytes(b"".join(map(encode_line, attempts)))
    return str(path)


@pytest.fixture(scope="session")
def sliced_tree(
    cli: Callable[..., subprocess.CompletedProcess[str]],
    sliced_log: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Give a tree of the five runs, to be read and left as it is."""
    root = str(tmp_path_factory.mktemp("tree") / "REPRODUCIBILITY")
    done = cli("rollup", sliced_log, "--tree", root)
    assert (done.returncode, done.stderr) == (0, "")
    return root


@pytest.fixture(scope="session")
def collapsed_tree(
    cli: Callable[..., subprocess.CompletedProcess[str]],
    line: Callable[..., bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Give a tree of two runs of 1,200 attempts, of which the second has collapsed."""
    folder = tmp_path_factory.mktemp("collapsed")
    log = folder / "runs.log"
    with log.open("wb") as lines:
        for run, moves, latency_ms in (("25K_1", "abcdef", 1_900), ("25K_2", "aaaaab", 3_100)):
            for number in range(1_200):
                lines.write(
                    line(
                        run_id=run,
                        ts=f"2026-01-31T1{run[-1]}:{number // 60:02d}:{number % 60:02d}.000Z",
                        persona_id=str(number),
                        opening_move=moves[number % 6],
                        latency_ms=latency_ms + number % 100,
                        symbol="nord",
                    )
                )
    root = str(folder / "REPRODUCIBILITY")
    done = cli("rollup", str(log), "--tree", root)
    assert (done.returncode, done.stderr) == (0, "")
    return root


def _timeless(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    written = ("timestamp", "created_at")
    return {name: _timeless(value) for name, value in content.items() if name not in written}


@pytest.fixture(scope="session")
def files_of() -> Callable[[str], dict[str, Any]]:
    """Give a function that reads the JSON files of a tree, but for when each was written."""

    def read(root: str) -> dict[str, Any]:
        return {
            str(path.relative_to(root)): _timeless(json.loads(path.read_text()))
            for path in sorted(Path(root).rglob("*.json"))
        }

    return read
