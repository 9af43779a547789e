"""The exporters that send: named by ``otlp``, else by the standard variables, else none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import entry_points
from typing import Any

from otel_persona.delivery import Signal
from otel_persona.errors import SettingsError

ExporterFactory = Callable[[], Any]

_SIGNALS: tuple[Signal, ...] = ("traces", "metrics", "logs")
_BY_PROTOCOL = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


def exporter_problems(otlp: str | None) -> list[str]:
    """Name every exporter that the variables ask for but is missing; ``otlp`` overrides them."""
    problems: list[str] = []
    for signal in _SIGNALS if otlp is None else ():
        for name in _names(signal):
            try:
                _find(signal, name)
            except SettingsError as error:
                problems += error.problems
    return list(dict.fromkeys(problems))


def exporter_factories(signal: Signal, otlp: str | None) -> list[ExporterFactory]:
    """Return what makes the exporters of one signal, each time it is called.

    ``otlp`` overrides ``OTEL_<SIGNAL>_EXPORTER``, which overrides a bare
    ``OTEL_EXPORTER_OTLP_ENDPOINT``; if none is set, nothing is sent. A declarative file, named by
    ``OTEL_CONFIG_FILE``, stands in for these variables. Exporters named in the
    environment read its other variables themselves. Raises ``SettingsError`` if one that is named
    is not installed.
    """
    if otlp is None:
        return [_find(signal, name) for name in _names(signal)]
    if otlp.startswith("grpc://"):
        address = "http://" + otlp.removeprefix("grpc://")
        return [partial(_find(signal, "otlp_proto_grpc"), endpoint=address, insecure=True)]
    address = f"{otlp.rstrip('/')}/v1/{signal}"
    return [partial(_find(signal, "otlp_proto_http"), endpoint=address)]


def _names(signal: Signal) -> Iterator[str]:
    if os.environ.get("OTEL_CONFIG_FILE"):
        return  # what the file does not name is not to be sent
    named = os.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "")
    if not named and _otlp_variable(signal, "ENDPOINT"):
        named = "otlp"
    for name in filter(None, (part.strip() for part in named.split(","))):
        if name != "none":
            yield name


def _otlp_by_protocol(signal: Signal) -> str:
    variable = _otlp_variable(signal, "PROTOCOL")
    protocol = os.environ[variable].strip() if variable else "grpc"
    if protocol not in _BY_PROTOCOL:
        known = " or ".join(_BY_PROTOCOL)
        raise SettingsError([f"{variable}: {protocol!r} is not right: {known} is"])
    return _BY_PROTOCOL[protocol]


def _otlp_variable(signal: Signal, what: str) -> str | None:
    """Return the OTLP variable that is set: the signal's own, else the one for all signals."""
    variables = (f"OTEL_EXPORTER_OTLP_{signal.upper()}_{what}", f"OTEL_EXPORTER_OTLP_{what}")
    return next((variable for variable in variables if os.environ.get(variable)), None)


def _find(signal: Signal, name: str) -> Callable[..., Any]:
    group = f"opentelemetry_{signal}_exporter"
    if name == "otlp":
        name = _otlp_by_protocol(signal)
    for entry_point in entry_points(group=group, name=name):
        found: Callable[..., Any] = entry_point.load()
        return found
    there = ", ".join(sorted(entry_points(group=group).names))
    raise SettingsError(
        [f"OTEL_{signal.upper()}_EXPORTER: no exporter {name!r} is installed; there are {there}"]
    )
