"""What a caller hands in, made safe for a record: refused values are told once and counted.

Kinds are asked of ``type(value)``: ``isinstance`` also asks the value itself, and a proxy that
stands for nothing answers with an exception.
"""

from __future__ import annotations

import contextlib
import math
import operator
import uuid
from collections.abc import Iterable, Mapping
from typing import SupportsFloat, SupportsIndex, cast, get_args

from otel_persona.records import LARGEST_COUNT, Status, tallies


def text(value: object, what: str) -> str | None:
    """Give ``value`` as text that UTF-8 can carry; ``None`` where it is no text."""
    if type(value) is str and value.isascii():
        return value
    if type(value) is str:
        plain = value
    elif issubclass(type(value), str):
        # An enum member that is a string would be written by its name elsewhere.
        plain = str.__str__(cast(str, value))
    else:
        refuse(what, value, "text")
        return None
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
    if issubclass(type(value), str):
        return text(value, what)
    try:
        return text(str(value), what)
    except Exception:  # noqa: BLE001 - the value's own method
        refuse(what, value, "an id that can be written")
        return None


def identifier_or_new(value: object, what: str) -> str:
    """Give an id as text; where it is ``None``, empty or cannot be written, a new UUID."""
    if type(value) is str and value and value.isascii():
        return value
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


def count(value: object, what: str, so_far: int) -> int | None:
    """Give a whole number from 0 that leads from ``so_far`` to 2**53 at most.

    ``None`` where ``value`` is not one, or is ``None``.
    """
    if value is None:
        return None
    number = -1
    if type(value) is int:  # the protocols below cost ten times this test
        number = value
    elif hasattr(type(value), "__index__") and type(value) is not bool:
        with contextlib.suppress(Exception):  # an array has the method, and may refuse
            number = operator.index(cast(SupportsIndex, value))
    if not 0 <= number <= LARGEST_COUNT - so_far:
        refuse(what, value, "a whole number from 0, up to 2**53 in all")
        return None
    return number


def score(value: object, validator: str) -> float | None:
    """Give a finite score; ``None`` where ``value`` is not one."""
    number = math.nan
    if type(value) is float:
        number = value
    elif hasattr(type(value), "__float__") or hasattr(type(value), "__index__"):
        with contextlib.suppress(Exception):
            number = float(cast(SupportsFloat, value))
    if not math.isfinite(number):
        refuse("score", value, f"a finite number for {validator}")
        return None
    if not 0 <= number <= 1:
        tallies.warned.add("score_out_of_range", f"{validator} scored {number}, outside 0 to 1")
    return number


def scores(value: object) -> list[tuple[object, object]]:
    """Give the items of a mapping; none where ``value`` is not one."""
    if type(value) is dict:
        return list(value.items())
    if issubclass(type(value), Mapping):
        with contextlib.suppress(Exception):  # a mapping of the caller's own kind
            return list(cast(Mapping[object, object], value).items())
    refuse("scores", value, "a mapping of validators to scores")
    return []


def status(value: object) -> Status | None:
    """Give a status of the specification; ``None`` where ``value`` is not one."""
    if issubclass(type(value), str):
        for known in get_args(Status):
            if known == value:
                return cast(Status, known)
    refuse("status", value, "success, fail or repair")
    return None


def refuse(what: str, value: object, right: str) -> None:
    """Count a value that cannot be used, and say what would be right."""
    shown = f"of type {type(value).__name__}"
    if issubclass(type(value), str | int | float):
        with contextlib.suppress(Exception):  # a number may have more digits than Python writes
            shown = f"{value!r:.80}"
    tallies.rejected.add(what, f"{what} {shown} is not {right}")
