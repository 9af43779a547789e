"""Explains why a value does not fit its type, and what would be right.

msgspec decides whether a value fits. If it does not, the value is checked again part by part, so
that the error names the exact part, in the same words for every source.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

_PROVIDERS = {
    "tracer_provider": "get_tracer",
    "meter_provider": "get_meter",
    "logger_provider": "get_logger",
}
_ANY = msgspec.Meta()
_LONGEST = 80


class Mismatch(NamedTuple):
    """A part of a value that does not fit.

    ``place`` is the path to it (``.prices.default``, ``.repairs[1]``; empty for the value itself).
    ``right`` says what belongs there, ``or_null`` whether null is allowed too; ``found`` is what
    is there, or ``msgspec.UNSET`` if nothing is.
    """

    place: str
    right: str
    found: object
    or_null: bool = False

    def __str__(self) -> str:
        """Write one sentence, in JSON terms."""
        if self.found is msgspec.UNSET:
            return f"the key {self.place.removeprefix('.')!r} is missing"
        where = self.place.removeprefix(".") or "the entry"
        right = f"{self.right} or null" if self.or_null else self.right
        return f"{where} must be {right}, not {in_json(self.found)}"


class _Key(msgspec.Struct, frozen=True):
    """A key that itself does not fit."""

    key: object

    def __repr__(self) -> str:
        return f"the key {in_json(self.key)}"


def find_mismatch(
    value: Any, kind: Any, *, strict: bool = True, place: str = ""
) -> Mismatch | None:
    """Find the first part of ``value`` that keeps it from being a ``kind``; ``None`` if it is one.

    ``strict`` is passed to ``msgspec.convert``. Kinds are msgspec structs and the types of their
    fields; a kind with a description is reported as a whole, in the description's words.
    """
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError:
        bare, meta, or_null = _split(kind)
        if not meta.description:
            for step, part, part_kind in _parts(value, bare):
                mismatch = find_mismatch(part, part_kind, strict=strict, place=place + step)
                if mismatch is not None:
                    return mismatch
            mismatch = _mismatch_of_keys(value, bare, place)
            if mismatch is not None:
                return mismatch
        return Mismatch(place, _describe(bare, meta, value), value, or_null)
    return None


def wrong_arguments(place: str, **given: object) -> Iterator[str]:
    """Name the arguments, unless ``None``, that are not the provider or function they should be.

    Providers are recognized by their method, because other libraries wrap OpenTelemetry's.
    """
    for name, value in given.items():
        method = _PROVIDERS.get(name)
        fits = callable(value) if method is None else has_method(value, method)
        if value is not None and not fits:
            right = "a function" if method is None else f"a provider with {method}"
            yield f"{place}: {name} must be {right}, not {value!r}"


def has_method(value: object, method: str) -> bool:
    """Return whether ``value`` has this method; a class whose instances have it does not count."""
    return callable(getattr(value, method, None)) and not isinstance(value, type)


def in_json(value: object) -> str:
    """Write a value for a sentence: scalars as such, cut if long; anything else by its kind."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "an array"
    if isinstance(value, str | int | float | _Key):
        # By default, Python refuses to write an int of more than 4300 digits.
        try:
            shown = repr(value)
        except ValueError:
            return "a number of too many digits"
        return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."
    return f"a value of type {type(value).__name__}"


def one_of(words: Sequence[str]) -> str:
    """Write ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


_fields = functools.cache(msgspec.structs.fields)


def _split(kind: Any) -> tuple[Any, msgspec.Meta, bool]:
    """Split a kind into the bare type, its limits, and whether null is allowed."""
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (part for part in get_args(kind) if part is not NoneType)
        return (*_split(kind)[:2], True)
    if get_origin(kind) is Annotated:
        return *get_args(kind)[:2], False
    return kind, _ANY, False


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _parts(value: Any, kind: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the step to each part of ``value`` that has its own kind, the part, and the kind."""
    if isinstance(value, Mapping):
        if _is_struct(kind):
            for field in _fields(kind):
                if field.name in value:
                    yield f".{field.name}", value[field.name], field.type
        elif get_origin(kind) is dict:
            for name, part in value.items():
                yield _step(name), part, get_args(kind)[1]
    elif isinstance(value, list | tuple) and get_origin(kind) in (list, tuple):
        for index, part in enumerate(value):
            yield f"[{index}]", part, get_args(kind)[0]


def _step(name: object) -> str:
    plain = isinstance(name, str) and name.isidentifier() and len(name) <= _LONGEST
    return f".{name}" if plain else f"[{in_json(name)}]"


def _mismatch_of_keys(value: Any, kind: Any, place: str) -> Mismatch | None:
    if not isinstance(value, Mapping) or not (_is_struct(kind) or get_origin(kind) is dict):
        return None
    for key in value:
        if not isinstance(key, str):
            return Mismatch(place, "an object whose keys are text", _Key(key))
    for field in _fields(kind) if _is_struct(kind) else ():
        if field.required and field.name not in value:
            return Mismatch(f"{place}.{field.name}", "", msgspec.UNSET)
    return None


def _describe(kind: Any, meta: msgspec.Meta, value: Any = None) -> str:
    if meta.description:
        return meta.description
    if _is_struct(kind):
        return f"an object with {', '.join(field.name for field in _fields(kind))}"
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return one_of(arguments)
    if origin is dict:
        return f"an object of names, each with {_describe(*_split(arguments[1])[:2])}"
    if origin in (list, tuple):
        return f"an array of {_describe(*_split(arguments[0])[:2])}"
    if kind in (int, float):
        return _describe_number(kind, meta, value)
    return _describe_text(meta) if kind is str else "true or false"


def _describe_number(kind: type, meta: msgspec.Meta, value: Any) -> str:
    if kind is float:
        number = "a finite number" if meta.le == sys.float_info.max else "a number"
    else:
        number = "a whole number"
        if meta.le is not None and isinstance(value, int) and value > meta.le:
            return f"{number} up to {meta.le}"
    if meta.gt is not None:
        return f"{number} above {meta.gt}"
    if meta.ge is not None and meta.ge != -sys.float_info.max:
        return f"{number} from {meta.ge}"
    return number


def _describe_text(meta: msgspec.Meta) -> str:
    if meta.max_length is None:
        return "text"
    return f"text of {meta.min_length or 0} to {meta.max_length} characters"
