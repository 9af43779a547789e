"""Reads files of the tree; what is wrong with one is said with its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from otel_persona.errors import CohortError


def read_if_there(path: Path) -> bytes | None:
    """Read a file, ``None`` if there is none; raises ``CohortError`` if it cannot be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CohortError(f"{path}: cannot be read: {error.strerror}") from None


def read_json(path: Path, kind: Any = Any) -> Any:
    """Read a file's JSON; raises ``CohortError`` if there is none, or it is not of that kind."""
    content = read_if_there(path)
    if content is None:
        raise CohortError(f"{path}: is missing")
    return json_of(path, content, kind)


def json_of(path: Path, content: bytes, kind: Any = Any) -> Any:
    """Decode what was read from ``path``; raises ``CohortError`` if it is not JSON of that kind."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CohortError(f"{path}: is damaged: {error}") from None
