"""Masks secrets, so that headers and addresses can be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MASK = "***"


def masked_headers(names: Iterable[str]) -> str:
    """Write headers without their values."""
    return ", ".join(f"{name}={_MASK}" for name in names)


def masked_address(address: str) -> str:
    """Write an address without the user, the password and the query that it may hold."""
    return re.sub(r"(?<=://).*@", f"{_MASK}@", re.sub(r"(://[^?]*\?).+", rf"\1{_MASK}", address))


def masked_variable(variable: str, value: str) -> str:
    """Write the value of a variable as far as it can be shown."""
    if not variable.endswith("_HEADERS"):
        return masked_address(value)
    parts = [part.strip() for part in value.split(",")]
    return ", ".join(
        masked_headers([part.partition("=")[0].strip()]) if "=" in part else _MASK
        for part in parts
        if part
    )
