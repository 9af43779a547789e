"""The exporters that send: named by ``otlp``, or by the standard variables, or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Any, Literal

from otel_persona.errors import SettingsError

Signal = Literal["traces", "metrics", "logs"]

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
_BY_PROTOCOL = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


def exporters(signal: Signal, otlp: str | None) -> list[Any]:
    """Make the exporters of one signal.

    ``otlp`` beats ``OTEL_<SIGNAL>_EXPORTER``, which beats a bare ``OTEL_EXPORTER_OTLP_ENDPOINT``;
    where none is set nothing is sent. Exporters of the environment read its other variables
    themselves. Raises ``SettingsError`` where one is named that is not installed.
    """
    if otlp is not None:
        return [_to_address(signal, otlp)]
    return [_find(signal, name)() for name in _names(signal)]


def _to_address(signal: Signal, otlp: str) -> Any:
    if otlp.startswith("grpc://"):
        address = "http://" + otlp.removeprefix("grpc://")
        return _find(signal, "otlp_proto_grpc")(endpoint=address, insecure=True)
    return _find(signal, "otlp_proto_http")(endpoint=f"{otlp.rstrip('/')}/v1/{signal}")


def _names(signal: Signal) -> Iterator[str]:
    named = os.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "")
    endpoint = os.environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT")
    if not named and (endpoint or os.environ.get(_ENDPOINT)):
        named = "otlp"
    for name in filter(None, (part.strip() for part in named.split(","))):
        if name != "none":
            yield _otlp_by_protocol(signal) if name == "otlp" else name


def _otlp_by_protocol(signal: Signal) -> str:
    variable = f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL"
    protocol = os.environ.get(variable) or os.environ.get(_PROTOCOL) or "grpc"
    if protocol.strip() not in _BY_PROTOCOL:
        known = " or ".join(_BY_PROTOCOL)
        raise SettingsError([f"{_PROTOCOL}: {protocol!r} is not right: {known} is"])
    return _BY_PROTOCOL[protocol.strip()]


def _find(signal: Signal, name: str) -> Callable[..., Any]:
    group = f"opentelemetry_{signal}_exporter"
    for entry_point in entry_points(group=group, name=name):
        found: Callable[..., Any] = entry_point.load()
        return found
    there = ", ".join(sorted(entry_points(group=group).names))
    raise SettingsError(
        [f"OTEL_{signal.upper()}_EXPORTER: no exporter {name!r} is installed; there are {there}"]
    )
