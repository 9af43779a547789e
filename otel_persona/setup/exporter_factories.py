"""The exporters that send: named by ``otlp``, else by the standard variables, else none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import entry_points
from typing import Any

from otel_persona.delivery import Signal
from otel_persona.errors import SettingsError
from otel_persona.setup.destinations import (
    PROTOCOLS,
    SIGNALS,
    exporters_named,
    otlp_variable,
    way_to,
)

ExporterFactory = Callable[..., Any]

# After a failure the exporter opens a new channel. By default that one shares a connection with the
# other exporters' channels, and with it a growing wait before the next try.
_CONNECTING_ANEW = (("grpc.use_local_subchannel_pool", 1),)

_BY_PROTOCOL: dict[str, str] = {protocol: name for name, protocol in PROTOCOLS.items()}


def exporter_problems(otlp: str | None) -> list[str]:
    """Name every exporter that the variables ask for but is missing; ``otlp`` overrides them."""
    problems: list[str] = []
    for signal in SIGNALS if otlp is None else ():
        for name in _names(signal):
            try:
                _find(signal, name)
            except SettingsError as error:
                problems += error.problems
    return list(dict.fromkeys(problems))


def exporter_factories(signal: Signal, otlp: str | None) -> list[ExporterFactory]:
    """Return what makes the exporters of one signal, each time it is called.

    Exporters named in the environment read its other variables themselves. Raises
    ``SettingsError`` if one that is named is not installed.
    """
    if otlp is None:
        return [_find(signal, name) for name in _names(signal)]
    protocol, address = way_to(otlp, signal)
    exporter = _find(signal, _BY_PROTOCOL[protocol])
    if protocol == "grpc":
        return [partial(exporter, endpoint=address, insecure=True)]
    return [partial(exporter, endpoint=address)]


def _names(signal: Signal) -> list[str]:
    named = exporters_named(signal, None)
    return [exporter.value for exporter in named if exporter.value != "none"]


def _otlp_by_protocol(signal: Signal) -> str:
    named = otlp_variable(signal, "PROTOCOL")
    protocol = named.value.strip() if named else "grpc"
    if named and protocol not in _BY_PROTOCOL:
        known = " or ".join(_BY_PROTOCOL)
        raise SettingsError([f"{named.origin}: {protocol!r} is not right: {known} is"])
    return _BY_PROTOCOL[protocol]


def _find(signal: Signal, name: str) -> ExporterFactory:
    group = f"opentelemetry_{signal}_exporter"
    if name == "otlp":
        name = _otlp_by_protocol(signal)
    for entry_point in entry_points(group=group, name=name):
        found: ExporterFactory = entry_point.load()
        return _over_grpc(found, signal) if name == _BY_PROTOCOL["grpc"] else found
    there = ", ".join(sorted(entry_points(group=group).names))
    raise SettingsError(
        [f"OTEL_{signal.upper()}_EXPORTER: no exporter {name!r} is installed; there are {there}"]
    )


def _over_grpc(exporter: ExporterFactory, signal: Signal) -> ExporterFactory:
    """Give the SDK's exporter for gRPC the options without which it fails needlessly."""
    options: dict[str, Any] = {"channel_options": _CONNECTING_ANEW}
    named = otlp_variable(signal, "COMPRESSION")
    if named is None or named.value.strip().lower() == "none":
        import grpc

        # It would refuse the variable's standard value "none", and an empty one.
        options["compression"] = grpc.Compression.NoCompression
    return partial(exporter, **options)
