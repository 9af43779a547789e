"""Figures of cohorts in words: with the unit that their name tells, and changes between two."""

from __future__ import annotations

import math
from collections.abc import Callable

from otel_persona.cli.cells import UNKNOWN
from otel_persona.cli.printing import printable
from otel_persona.facts import Figure

_SECOND_MS = 1_000
_MINUTE_MS = 60_000
_WHOLE_PERCENT = 0.1
_WHOLE_FROM = 1_000


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
    return difference_in_words(name, delta)


def difference_in_words(name: str, delta: float | None) -> str:
    """Write the difference between two values of a figure, with its sign and unit."""
    if delta is None:
        return UNKNOWN
    if _unit(name) is _share:
        return f"{100 * delta:+z.1f} points"
    sign = "+" if delta > 0 else "-" if delta < 0 else ""
    return sign + in_words(name, abs(delta))


def _unit(name: str) -> Callable[[float], str]:
    for ending, write in _UNITS.items():
        if name.endswith(ending):
            return write
    return _number


def _number(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else _significant(value)


def _significant(value: float) -> str:
    """Write a number with up to four significant digits and no exponent."""
    if not value or abs(value) >= 1:
        return f"{value:z,.4g}"
    return f"{value:.{3 - math.floor(math.log10(abs(value)))}f}".rstrip("0")


def _duration(value_ms: float) -> str:
    if abs(value_ms) < _SECOND_MS:
        return f"{value_ms:z.0f} ms"
    if abs(value_ms) < _MINUTE_MS:
        return f"{value_ms / _SECOND_MS:.2f} s"
    return f"{value_ms / _MINUTE_MS:,.1f} min"


def _share(value: float) -> str:
    return f"{value:z.1%}"


def _usd(value: float) -> str:
    return f"{_significant(value)} USD"


_UNITS: dict[str, Callable[[float], str]] = {
    "_ms": _duration,
    "_rate": _share,
    "_share": _share,
    "_usd": _usd,
    "_usd_per_success": _usd,
}
