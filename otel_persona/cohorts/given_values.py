"""What a pipeline gives by hand: names, figures, metadata and an end, checked and made plain."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from otel_persona.cohorts.clock import now
from otel_persona.errors import UsageError
from otel_persona.facts import Figure
from otel_persona.records import format_timestamp, parse_timestamp


def figures_from(metrics: Mapping[str, Any]) -> dict[str, Figure]:
    """Return flat figures: numbers, bools, texts and ``None``, each of its own kind.

    NumPy's scalars become the numbers and bools that they are. JSON has no NaN and no infinities:
    they are kept as texts. Raises ``UsageError`` for anything else, such as a mapping.
    """
    if not isinstance(metrics, Mapping):
        raise UsageError(f"metrics must be a mapping of figures, not {type(metrics).__name__}")
    return {_name(name): _figure(name, value) for name, value in metrics.items()}


def metadata_from(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return metadata as plain values; raises ``UsageError`` if they are none of JSON."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise UsageError(f"metadata must be a mapping, not {type(metadata).__name__}")
    try:
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(dict(metadata)))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"metadata must be values of JSON: {error}") from None
    return plain


def text_from(value: Any, what: str) -> str:
    """Return a name such as a run's id; raises ``UsageError`` if it is no text."""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be a text, not {value!r}")
    return value


def end_from(ended_at: str | datetime | None) -> str:
    """Return a run's end in canonical form, the present if not given; raises ``UsageError``.

    A text without an offset is UTC, as in records; a datetime without one is refused.
    """
    if ended_at is None:
        return now()
    is_naive = isinstance(ended_at, datetime) and ended_at.tzinfo is None
    text = ended_at.isoformat() if isinstance(ended_at, datetime) else ended_at
    if isinstance(text, str) and not is_naive:
        with contextlib.suppress(ValueError, OverflowError):
            return format_timestamp(parse_timestamp(text))
    raise UsageError(
        "ended_at must be an aware datetime or ISO 8601 text such as "
        f"'2026-01-31T14:32:01.234Z', not {ended_at!r}"
    )


def _name(name: Any) -> str:
    if isinstance(name, str) and name:
        return _text(name, "a figure's name")
    raise UsageError(f"a figure's name must be a text that is not empty, not {name!r}")


def _figure(name: str, value: Any) -> Figure:
    if not isinstance(value, str | int | float | None):
        value = _scalar(value)
    if isinstance(value, str):
        return _text(value, f"the figure {name!r}")
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise UsageError(f"the figure {name!r} is beyond every float; give it as a text")
    for kind in (bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    if value is None:
        return None
    raise UsageError(
        f"the figure {name!r} must be a number, a bool, a text or None, not a "
        f"{type(value).__name__}; give each part of it a name of its own"
    )


def _text(value: str, what: str) -> str:
    text = str.__str__(value)  # an enum's own would be its name
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{what} holds a character that UTF-8 cannot carry: {text!a}") from None
    return text


def _scalar(value: Any) -> Any:
    try:
        return value.item()
    except Exception:  # noqa: BLE001 - whatever it raises, it has no scalar
        return value
