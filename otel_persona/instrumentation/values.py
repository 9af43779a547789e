"""What a caller hands in, made safe for a record: refused values are told once and counted."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import SupportsFloat, SupportsIndex

from otel_persona.records import health


def text(value: object, what: str) -> str | None:
    """Give ``value`` as text that UTF-8 can carry; ``None`` where it is no text."""
    if not isinstance(value, str):
        refuse(what, value, "text")
        return None
    # A plain copy: an enum member that is a string would be written by its name elsewhere.
    plain = str.__str__(value)
    if plain.isascii():
        return plain
    return plain.encode("utf-8", "replace").decode()


def texts(values: Iterable[object], what: str) -> list[str]:
    """Give those of ``values`` that are text."""
    return [plain for value in values if (plain := text(value, what)) is not None]


def count(value: object, what: str) -> int | None:
    """Give a whole number from 0 to 2**53; ``None`` where ``value`` is not one."""
    number = -1
    if isinstance(value, SupportsIndex) and not isinstance(value, bool):
        number = operator.index(value)
    if not 0 <= number <= 2**53:
        refuse(what, value, "a whole number from 0 to 2**53")
        return None
    return number


def score(value: object, validator: str) -> float | None:
    """Give a finite score; ``None`` where ``value`` is not one."""
    try:
        number = float(value) if isinstance(value, SupportsFloat | SupportsIndex) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        refuse("score", value, f"a finite number for {validator}")
        return None
    if not 0 <= number <= 1:
        health.warned.add("score_out_of_range", f"{validator} scored {number}, outside 0 to 1")
    return number


def refuse(what: str, value: object, right: str) -> None:
    """Count a value that cannot be used, and say what would be right."""
    kind = type(value).__name__
    shown = f"{value!r:.80}" if isinstance(value, str | int | float) else f"of type {kind}"
    health.rejected.add(what, f"{what} {shown} is not {right}")


def one_line(message: str, length: int) -> str:
    """Fold white space, and cut to ``length`` characters."""
    return " ".join(message.split())[:length]


def describe(error: BaseException, outcome: str) -> str:
    """Write ``TypeName: message``; an exception without a message is described by the outcome."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - an exception of the caller's may not know its own text
        message = ""
    return (text(f"{type(error).__name__}: {message.strip() or outcome}", "error")) or ""
