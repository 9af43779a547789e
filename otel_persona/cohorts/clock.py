"""When a file was written: the only thing in it that differs between two equal saves."""

from __future__ import annotations

import time

from otel_persona.records import format_timestamp


def now() -> str:
    """Return the present moment in canonical form."""
    return format_timestamp(time.time_ns() // 1_000)
