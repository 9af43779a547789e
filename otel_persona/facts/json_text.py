"""JSON that is the same for the same content, and that a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


def json_text(content: Mapping[str, Any], levels: int = 2) -> bytes:
    """Write sorted JSON in UTF-8, unescaped, with a newline at the end.

    The keys of the first ``levels`` levels of objects have a line each; what is below them is
    written without spaces, since counts would fill pages.
    """
    return _lines(content, levels, "\n") + b"\n"


def _lines(value: Any, levels: int, newline: str) -> bytes:
    if not (levels and value and isinstance(value, Mapping)):
        return msgspec.json.encode(value, order="sorted")
    inner = newline + "  "
    lines = (
        inner.encode() + msgspec.json.encode(key) + b": " + _lines(value[key], levels - 1, inner)
        for key in sorted(value)
    )
    return b"{" + b",".join(lines) + newline.encode() + b"}"
