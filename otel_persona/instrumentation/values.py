"""Makes values from the caller safe for a record; rejected ones are counted and logged once.

Checks use ``type(value)``, because ``isinstance`` also asks the value itself, and an unbound proxy
answers with an exception.
"""

from __future__ import annotations

import math
import operator
import uuid
from collections.abc import Iterable, Mapping
from typing import SupportsFloat, SupportsIndex, cast, get_args

from otel_persona.concurrency.interruptions import ignoring_failures, pass_on
from otel_persona.records import LARGEST_COUNT, Status, tallies


def text(value: object, what: str) -> str | None:
    """Return ``value`` as text that UTF-8 can encode; ``None`` if it is not text."""
    if type(value) is str and value.isascii():
        return value
    if type(value) is str:
        plain = value
    elif issubclass(type(value), str):
        # Elsewhere, a string enum member would be written by its name.
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
    """Return ``value`` as text; ``None`` if it is ``None`` or not text."""
    return None if value is None else text(value, what)


def identifier(value: object, what: str) -> str | None:
    """Return an id, which may be a number or a UUID, as text; ``None`` if it cannot be written."""
    if issubclass(type(value), str):
        return text(value, what)
    try:
        return text(str(value), what)
    except Exception as error:  # noqa: BLE001 - the value's own method
        pass_on(error)
        refuse(what, value, "an id that can be written")
        return None


def identifier_or_new(value: object, what: str) -> str:
    """Return an id as text; a new UUID if it is ``None``, empty or cannot be written."""
    if type(value) is str and value and value.isascii():
        return value
    name = identifier(value, what) if value is not None else ""
    if name == "":
        refuse(what, value, "an id that is not empty")
    return name or str(uuid.uuid4())


def texts(values: Iterable[object], what: str) -> list[str]:
    """Return those of ``values`` that are text."""
    kept = []
    for value in values:
        plain = text(value, what)
        if plain is not None:
            kept.append(plain)
    return kept


def count(value: object, what: str, so_far: int) -> int | None:
    """Return a whole number from 0 that takes ``so_far`` to 2**53 at most.

    ``None`` if ``value`` is not one, or is ``None``.
    """
    if value is None:
        return None
    number = -1
    if type(value) is int:  # the protocol below costs ten times this test
        number = value
    elif hasattr(type(value), "__index__") and type(value) is not bool:
        with ignoring_failures():  # an array has the method but may raise
            number = operator.index(cast(SupportsIndex, value))
    if not 0 <= number <= LARGEST_COUNT - so_far:
        refuse(what, value, "a whole number from 0, up to 2**53 in all")
        return None
    return number


def score(value: object, validator: str) -> float | None:
    """Return a finite score; ``None`` if ``value`` is not one."""
    number = math.nan
    if type(value) is float:
        number = value
    elif hasattr(type(value), "__float__") or hasattr(type(value), "__index__"):
        with ignoring_failures():
            number = float(cast(SupportsFloat, value))
    if not math.isfinite(number):
        refuse("score", value, f"a finite number for {validator}")
        return None
    if not 0 <= number <= 1:
        warn_of_range(validator, number)
    return number


def warn_of_range(validator: str, score: float) -> None:
    """Count a score outside the documented range, which is kept; log each validator's first."""
    detail = f"{validator} scored {score}, outside 0 to 1"
    tallies.warned.add("score_out_of_range", detail, once_per=validator)


def scores(value: object) -> list[tuple[object, object]]:
    """Return the items of a mapping; none if ``value`` is not one."""
    if type(value) is dict:
        return list(value.items())
    if issubclass(type(value), Mapping):
        with ignoring_failures():  # the caller's own mapping class
            return list(cast(Mapping[object, object], value).items())
    refuse("scores", value, "a mapping of validators to scores")
    return []


def status(value: object) -> Status | None:
    """Return a status of the specification; ``None`` if ``value`` is not one."""
    if issubclass(type(value), str):
        for known in get_args(Status):
            if known == value:
                return cast(Status, known)
    refuse("status", value, "success, fail or repair")
    return None


def refuse(what: str, value: object, right: str) -> None:
    """Count a value that cannot be used, and log what would be right."""
    shown = f"of type {type(value).__name__}"
    if issubclass(type(value), str | int | float):
        with ignoring_failures():  # an int may have more digits than Python writes
            shown = f"{value!r:.80}"
    tallies.rejected.add(what, f"{what} {shown} is not {right}")
