"""Lines of a log, and logs made of them, for the tests of reading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_persona.analysis import LogReader, Skipped
from otel_persona.records import AttemptRecord, encode_line


@pytest.fixture(scope="session")
def line(make_entry: Callable[..., dict[str, Any]]) -> Callable[..., bytes]:
    """Give a function that writes a line with the given fields."""
    usual = {"anchors_used": ["piața din Cahul"]}
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
def read() -> Callable[..., tuple[list[AttemptRecord], list[Skipped]]]:
    """Give a function that reads logs to the end: the records and what was skipped."""

    def read_all(*paths: str) -> tuple[list[AttemptRecord], list[Skipped]]:
        skipped: list[Skipped] = []
        return list(LogReader(paths, skipped.append)), skipped

    return read_all
