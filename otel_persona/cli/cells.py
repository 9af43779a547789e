"""Figures as the text of table cells; an unknown one is a dash."""

from __future__ import annotations

from collections.abc import Mapping

from otel_persona.cli.printing import printable

UNKNOWN = "-"


def whole(value: float | None) -> str:
    """Write a number rounded to a whole one."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def decimal(value: float | None) -> str:
    """Write a number with three decimal places."""
    return UNKNOWN if value is None else f"{value:z,.3f}"


def signed(value: float | None) -> str:
    """Write a change with its sign and four decimal places."""
    return UNKNOWN if value is None else f"{value:+z,.4f}"


def percent(value: float | None) -> str:
    """Write a share from 0 to 1 as a percentage."""
    return UNKNOWN if value is None else f"{value:.1%}"


def usd(value: float) -> str:
    """Write an amount in USD."""
    return f"{value:,.4f}"


def counts(by_name: Mapping[str, int]) -> str:
    """Write counts by name."""
    return ", ".join(f"{printable(name)} {count:,}" for name, count in by_name.items()) or UNKNOWN
