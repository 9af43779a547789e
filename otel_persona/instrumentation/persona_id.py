"""Finds which persona a call is about from its arguments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from otel_persona.errors import UsageError

Finder = Callable[[tuple[Any, ...], dict[str, Any]], object]
"""Finds the persona's id in the arguments of a call; returns ``None`` if there is none."""

_ARGUMENT = "persona_id"


def finder(
    function: Callable[..., Any], persona_id_from: str | Callable[..., object] | None
) -> Finder:
    """Make the finder for ``function``.

    ``persona_id_from`` names an argument or is called with the call's arguments. Raises
    ``UsageError`` if ``function`` has no such argument.
    """
    if callable(persona_id_from):
        from_call = persona_id_from
        return lambda args, kwargs: from_call(*args, **kwargs)
    if isinstance(function, functools.partial):
        return _of_partial(function, persona_id_from)
    parameters = _parameters(function)
    name = persona_id_from or _ARGUMENT
    takes_any = any(kind is inspect.Parameter.VAR_KEYWORD for kind in _kinds(parameters))
    if name not in parameters and not takes_any:
        if persona_id_from is None:
            return _none
        there = ", ".join(parameters) or "none"
        raise UsageError(
            f"persona_id_from={name!r}: {function!r} has no such argument; it has {there}"
        )
    return _by_name(name, parameters)


def _none(_args: tuple[Any, ...], _kwargs: dict[str, Any]) -> None:
    """Find nothing: the function has no such argument."""


def _of_partial(function: functools.partial[Any], persona_id_from: str | None) -> Finder:
    find = finder(function.func, persona_id_from)
    bound, named = function.args, function.keywords
    return lambda args, kwargs: find((*bound, *args), {**named, **kwargs})


def _by_name(name: str, parameters: dict[str, inspect.Parameter]) -> Finder:
    parameter = parameters.get(name)
    by_position = parameter is not None and parameter.kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    position = list(parameters).index(name) if by_position else None
    default = parameter.default if parameter is not None else None
    otherwise = None if default is inspect.Parameter.empty else default

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        if position is not None and position < len(args):
            return args[position]
        return kwargs.get(name, otherwise)

    return find


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some built-in functions have no signature
        return {}


def _kinds(parameters: dict[str, inspect.Parameter]) -> list[Any]:
    return [parameter.kind for parameter in parameters.values()]
