"""Timestamps of records, as ISO 8601 text and as microseconds since the epoch."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def parse_timestamp(ts: str) -> int:
    """Return the moment that ``ts`` names, in microseconds since the epoch.

    Accepts any ISO 8601 date and time, including offsets; without an offset it is UTC. Raises
    ``ValueError`` if ``ts`` is not one, and ``OverflowError`` if its offset takes it out of the
    years 1 to 9999.
    """
    parsed = datetime.fromisoformat(ts)
    utc = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    return (utc - _EPOCH) // _MICROSECOND


def check_timestamp(ts: str) -> None:
    """Raise as ``parse_timestamp`` does if ``ts`` is not a time, at a third of its cost."""
    parsed = datetime.fromisoformat(ts)
    if parsed.tzinfo is not UTC and parsed.tzinfo is not None:
        parsed.astimezone(UTC)


def is_naive(ts: str) -> bool:
    """Return whether ``ts`` has no offset, so that UTC is only assumed."""
    return not ts.endswith("Z") and datetime.fromisoformat(ts).tzinfo is None


def format_timestamp(microseconds: int) -> str:
    """Format a moment as in records: UTC, milliseconds (truncated, not rounded), ``Z``."""
    second, rest = divmod(microseconds, 1_000_000)
    return f"{_format_second(second)}.{rest // 1_000:03d}Z"


def canonical_timestamp(ts: str) -> str:
    """Return ``ts`` as ``format_timestamp`` writes it; such text sorts like the moments themselves.

    Raises as ``parse_timestamp`` does.
    """
    if len(ts) == 24 and ts[4:22:3] == "--T::." and ts[-1] == "Z":
        return ts
    return format_timestamp(parse_timestamp(ts))


# Many attempts end within the same second.
@functools.lru_cache(maxsize=16)
def _format_second(second: int) -> str:
    utc = _EPOCH + timedelta(seconds=second)
    return utc.replace(tzinfo=None).isoformat("T", "seconds")
