"""Set-up is of a whole process, so each test is a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

PREAMBLE = """
import json, os, sys, time
import otel_persona as op

def say(**facts):
    print(json.dumps(facts), flush=True)
"""
DECORATED = """
@op.attempt(stage="B")
def generate(persona_id, tokens=0):
    op.current_attempt().record_usage(prompt_tokens=tokens)
"""


class Ended:
    """A program that has come to its end: what it has said, and how it ended."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code = done.returncode
        self.errors = done.stderr
        self.output = done.stdout

    @property
    def said(self) -> list[dict[str, Any]]:
        """What the program said by ``say(...)``."""
        assert self.code == 0, self.errors
        return [msgspec.json.decode(line) for line in self.output.splitlines()]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ended]:
    """Give a function that runs a program to its end, in the test's folder."""

    def run_script(script: str, *options: str, decorated: bool = True, **variables: str) -> Ended:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        whole = PREAMBLE + (DECORATED if decorated else "") + script
        return Ended(
            subprocess.run(
                [sys.executable, *options, "-c", whole],
                cwd=tmp_path,
                env=environ | variables,
                capture_output=True,
                encoding="utf-8",
                timeout=120,
                check=False,
            )
        )

    return run_script


@pytest.fixture
def install(tmp_path: Path) -> Callable[[str, str, str], None]:
    """Give a function that installs a class in a group of entry points, by the name ``mine``."""

    def install_class(group: str, name: str, module: str) -> None:
        (tmp_path / "mine.py").write_text(module)
        package = tmp_path / "mine-1.dist-info"
        package.mkdir()
        (package / "METADATA").write_text("Name: mine\nVersion: 1\n")
        (package / "entry_points.txt").write_text(f"[{group}]\nmine = mine:{name}\n")

    return install_class
