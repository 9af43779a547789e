"""Masks secrets, so that headers and addresses can be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MASK = "***"
_SECRET = ("PASSWORD", "SECRET", "TOKEN")
# Up to the last @, since a password may hold any character; without a scheme only what looks so.
_USER = re.compile(r"(?<=://).*@|^[^/\s=@]*:[^/\s=@]*@", re.DOTALL)
_QUERY = re.compile(r"(://[^?#]*[?#]).+", re.DOTALL)


def masked_headers(names: Iterable[str]) -> str:
    """Write headers without their values."""
    return ", ".join(f"{name}={_MASK}" for name in names)


def masked_address(address: str) -> str:
    """Write an address without the user, the password, the query and the fragment it may hold."""
    return _QUERY.sub(rf"\1{_MASK}", _USER.sub(f"{_MASK}@", address))


def masked_variable(variable: str, value: str) -> str:
    """Write the value of a variable as far as it can be shown."""
    if any(word in variable for word in _SECRET):
        return _MASK
    if not variable.endswith("_HEADERS"):
        return masked_address(value)
    parts = [part.strip() for part in value.split(",")]
    return ", ".join(
        masked_headers([part.partition("=")[0].strip()]) if "=" in part else _MASK
        for part in parts
        if part
    )
