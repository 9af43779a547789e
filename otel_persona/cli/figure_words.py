"""Figures of cohorts in words: with the unit that their name tells, and changes between two."""

from __future__ import annotations

from collections.abc import Callable

from otel_persona.cli.cells import UNKNOWN
from otel_persona.cli.printing import printable
from otel_persona.facts import Figure

_SECOND_MS = 1_000
_MINUTE_MS = 60_000


def in_words(name: str, value: Figure) -> str:
    """Write a figure with its unit; numbers to three or four significant digits."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _unit(name)(value)


def change_in_words(name: str, delta: float | None, rel_delta: float | None) -> str:
    """Write a change relative to the baseline, or the difference where that was zero."""
    if rel_delta is not None:
        return f"{rel_delta:+z.0%}" if abs(rel_delta) >= _WHOLE_PERCENT else f"{rel_delta:+z.1%}"
    if delta is None:
        return UNKNOWN
    sign = "+" if delta > 0 else "-" if delta < 0 else ""
    return sign + in_words(name, abs(delta))


_WHOLE_PERCENT = 0.1


def _unit(name: str) -> Callable[[float], str]:
    for ending, write in _UNITS.items():
        if name.endswith(ending):
            return write
    return _number


def _number(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:z,.4g}" if abs(value) < _SECOND_MS else f"{value:,.0f}"


def _duration(value_ms: float) -> str:
    if abs(value_ms) < _SECOND_MS:
        return f"{value_ms:z.0f} ms"
    if abs(value_ms) < _MINUTE_MS:
        return f"{value_ms / _SECOND_MS:.2f} s"
    return f"{value_ms / _MINUTE_MS:,.1f} min"


def _share(value: float) -> str:
    return f"{value:z.1%}"


def _usd(value: float) -> str:
    return f"{value:,.4f} USD"


_UNITS: dict[str, Callable[[float], str]] = {
    "_ms": _duration,
    "_rate": _share,
    "_usd": _usd,
}
