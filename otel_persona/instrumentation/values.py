"""What a caller hands in, made safe for a record: refused values are told once and counted."""

from __future__ import annotations

import contextlib
import math
import operator
import uuid
from collections.abc import Iterable
from typing import SupportsFloat, SupportsIndex, cast, get_args

from otel_persona.records import LARGEST_COUNT, Status, health


def text(value: object, what: str) -> str | None:
    """Give ``value`` as text that UTF-8 can carry; ``None`` where it is no text."""
    if type(value) is str and value.isascii():
        return value
    if not isinstance(value, str):
        refuse(what, value, "text")
        return None
    # A plain copy: an enum member that is a string would be written by its name elsewhere.
    plain = str.__str__(value)
    try:
        plain.encode()
    except UnicodeEncodeError:
        return plain.encode("utf-8", "replace").decode()
    return plain


def optional_text(value: object, what: str) -> str | None:
    """Give ``value`` as text; ``None`` where it is no text, or is ``None``."""
    return None if value is None else text(value, what)


def identifier(value: object, what: str) -> str | None:
    """Give an id as text, which may be a number or a UUID; ``None`` where it cannot be written."""
    if isinstance(value, str):
        return text(value, what)
    try:
        return text(str(value), what)
    except Exception:  # noqa: BLE001 - the value's own method
        refuse(what, value, "an id that can be written")
        return None


def identifier_or_new(value: object, what: str) -> str:
    """Give an id as text; where it is ``None``, empty or cannot be written, a new UUID."""
    name = identifier(value, what) if value is not None else ""
    if name == "":
        refuse(what, value, "an id that is not empty")
    return name or str(uuid.uuid4())


def texts(values: Iterable[object], what: str) -> list[str]:
    """Give those of ``values`` that are text."""
    kept = []
    for value in values:
        plain = text(value, what)
        if plain is not None:
            kept.append(plain)
    return kept


def count(value: object, what: str) -> int | None:
    """Give a whole number from 0 to 2**53; ``None`` where ``value`` is not one, or is ``None``."""
    if value is None:
        return None
    number = -1
    if type(value) is int:  # the protocols below cost ten times this test
        number = value
    elif isinstance(value, SupportsIndex) and not isinstance(value, bool):
        with contextlib.suppress(Exception):  # an array has the method, and may refuse
            number = operator.index(value)
    if not 0 <= number <= LARGEST_COUNT:
        refuse(what, value, "a whole number from 0 to 2**53")
        return None
    return number


def total(so_far: int, more: object, what: str) -> int | None:
    """Add a count; ``None`` where ``more`` is not one, or is ``None``, or leads beyond 2**53."""
    added = count(more, what)
    if added is None or so_far + added <= LARGEST_COUNT:
        return None if added is None else so_far + added
    return count(so_far + added, what)


def score(value: object, validator: str) -> float | None:
    """Give a finite score; ``None`` where ``value`` is not one."""
    number = math.nan
    if type(value) is float:
        number = value
    elif isinstance(value, SupportsFloat | SupportsIndex):
        with contextlib.suppress(Exception):
            number = float(value)
    if not math.isfinite(number):
        refuse("score", value, f"a finite number for {validator}")
        return None
    if not 0 <= number <= 1:
        health.warned.add("score_out_of_range", f"{validator} scored {number}, outside 0 to 1")
    return number


def status(value: object) -> Status | None:
    """Give a status of the specification; ``None`` where ``value`` is not one."""
    if isinstance(value, str):
        for known in get_args(Status):
            if known == value:
                return cast(Status, known)
    refuse("status", value, "success, fail or repair")
    return None


def refuse(what: str, value: object, right: str) -> None:
    """Count a value that cannot be used, and say what would be right."""
    shown = f"of type {type(value).__name__}"
    if isinstance(value, str | int | float):
        with contextlib.suppress(Exception):  # a number may have more digits than Python writes
            shown = f"{value!r:.80}"
    health.rejected.add(what, f"{what} {shown} is not {right}")
