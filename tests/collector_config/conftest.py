"""The files of ``collector-config`` and the real programs that read them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "collector-config"


@pytest.fixture(scope="session")
def folder() -> Path:
    """Give the folder that users start servers with."""
    return FOLDER


@pytest.fixture(scope="session")
def compose() -> Any:
    """Give the compose file's content, with its variables as they are written."""
    return yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))


@pytest.fixture
def program() -> Callable[[str], str]:
    """Give a function that finds a server's program, or skips the test and names it."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not on the PATH")
        return found

    return find


@pytest.fixture
def check(program: Callable[[str], str], tmp_path: Path) -> Callable[..., None]:
    """Give a function that has a program check a file, and fails with what it has to say."""

    def run(name: str, *arguments: str, **variables: str) -> None:
        done = subprocess.run(
            [program(name), *arguments],
            cwd=tmp_path,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run
