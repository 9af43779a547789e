"""Where each signal is sent and how, and which variable or setting says so.

Reads what the SDK's OTLP exporters read, in the order in which they read it.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Mapping
from typing import Generic, Literal, NamedTuple, TypeVar, get_args

from opentelemetry.util.re import parse_env_headers

from otel_persona.delivery import Signal
from otel_persona.mismatches import one_of

Protocol = Literal["grpc", "http/protobuf"]

SIGNALS: tuple[Signal, ...] = get_args(Signal)

PROTOCOLS: dict[str, Protocol] = {"otlp_proto_grpc": "grpc", "otlp_proto_http": "http/protobuf"}
"""The protocol of each OTLP exporter of the SDK, by its name."""

_COMPRESSIONS: dict[Protocol, tuple[str, ...]] = {
    "grpc": ("none", "gzip"),
    "http/protobuf": ("none", "gzip", "deflate"),
}
_DEFAULT = "default"
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_T = TypeVar("_T")


class Sourced(NamedTuple, Generic[_T]):
    """A value, and the variable or setting that it came from (``default`` where none gave it)."""

    value: _T
    origin: str


class Credentials(NamedTuple):
    """Paths of PEM files; ``None`` where none is named."""

    certificate: str | None
    client_key: str | None
    client_certificate: str | None


class Destination(NamedTuple):
    """Where an OTLP exporter sends one signal, as it was set; nothing of it is checked.

    ``address`` is the whole URL over HTTP, and the target over gRPC. ``timeout_s`` and
    ``compression`` are the variables' text. ``is_secure`` says whether TLS is spoken.
    """

    signal: Signal
    protocol: Sourced[Protocol]
    address: Sourced[str]
    headers: Sourced[Mapping[str, str]]
    compression: Sourced[str]
    timeout_s: Sourced[str]
    is_secure: bool
    credentials: Credentials


def declarative_file() -> str | None:
    """Return the path of the file that stands in for the variables ``OTEL_*``, if there is one."""
    return os.environ.get("OTEL_CONFIG_FILE") or None


def exporters_named(signal: Signal, otlp: Sourced[str] | None) -> Iterator[Sourced[str]]:
    """Yield the name of each exporter of a signal, ``none`` included; nothing if none is named.

    ``otlp`` overrides ``OTEL_<SIGNAL>_EXPORTER``, which overrides a bare
    ``OTEL_EXPORTER_OTLP_ENDPOINT``. Where a declarative file stands in for these variables, what it
    does not name is not to be sent.
    """
    variable = f"OTEL_{signal.upper()}_EXPORTER"
    named = os.environ.get(variable, "")
    endpoint = otlp_variable(signal, "ENDPOINT")
    if otlp is not None:
        yield Sourced("otlp", otlp.origin)
    elif declarative_file():
        return
    elif named:
        for name in filter(None, (part.strip() for part in named.split(","))):
            yield Sourced(name, variable)
    elif endpoint is not None:
        yield Sourced("otlp", endpoint.origin)


def destination_of(
    signal: Signal, exporter: Sourced[str], otlp: Sourced[str] | None
) -> Destination | None:
    """Return where this exporter sends to; ``None`` for one that does not speak OTLP."""
    if exporter.value not in ("otlp", *PROTOCOLS):
        return None
    protocol = _protocol(signal, exporter, otlp)
    address = _address(signal, protocol.value, otlp)
    headers = otlp_variable(signal, "HEADERS") or Sourced("", _DEFAULT)
    return Destination(
        signal,
        protocol,
        address,
        Sourced(_parsed(headers.value), headers.origin),
        otlp_variable(signal, "COMPRESSION") or Sourced("none", _DEFAULT),
        otlp_variable(signal, "TIMEOUT") or Sourced("10", _DEFAULT),
        _is_secure(signal, protocol.value, address, otlp is not None),
        Credentials(
            *(_value(signal, what) for what in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"))
        ),
    )


def wrong_options(destination: Destination) -> Iterator[str]:
    """Name options that the exporter cannot use.

    The one for gRPC cannot be made then; the one for HTTP logs a warning and takes the default.
    """
    timeout, compression = destination.timeout_s, destination.compression
    try:
        seconds = float(timeout.value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        yield f"{timeout.origin}: {timeout.value!r} is not right; write seconds, such as 10"
    known = _COMPRESSIONS[destination.protocol.value]
    if compression.origin != _DEFAULT and compression.value.strip().lower() not in known:
        yield (
            f"{compression.origin}: {compression.value!r} is not right; over "
            f"{destination.protocol.value} write {one_of(known)}, or leave it out"
        )


def way_to(otlp: str, signal: Signal) -> tuple[Protocol, str]:
    """Return the protocol and the address that the setting ``otlp`` means for a signal."""
    if otlp.startswith("grpc://"):
        return "grpc", "http://" + otlp.removeprefix("grpc://")
    return "http/protobuf", f"{otlp.rstrip('/')}/v1/{signal}"


def otlp_variable(signal: Signal, what: str) -> Sourced[str] | None:
    """Read an OTLP variable: the signal's own, else the one for all signals."""
    for variable in (f"OTEL_EXPORTER_OTLP_{signal.upper()}_{what}", f"OTEL_EXPORTER_OTLP_{what}"):
        value = os.environ.get(variable)
        if value:
            return Sourced(value, variable)
    return None


def _protocol(
    signal: Signal, exporter: Sourced[str], otlp: Sourced[str] | None
) -> Sourced[Protocol]:
    if otlp is not None:
        return Sourced(way_to(otlp.value, signal)[0], otlp.origin)
    if exporter.value in PROTOCOLS:
        return Sourced(PROTOCOLS[exporter.value], exporter.origin)
    named = otlp_variable(signal, "PROTOCOL") or Sourced("grpc", _DEFAULT)
    is_http = named.value.strip() == "http/protobuf"
    return Sourced("http/protobuf" if is_http else "grpc", named.origin)


def _address(signal: Signal, protocol: Protocol, otlp: Sourced[str] | None) -> Sourced[str]:
    if otlp is not None:
        return Sourced(way_to(otlp.value, signal)[1], otlp.origin)
    named = otlp_variable(signal, "ENDPOINT")
    if protocol == "grpc":
        if named is None and _ENDPOINT in os.environ:
            return Sourced("", _ENDPOINT)  # over gRPC an empty variable counts as an address
        return named or Sourced("http://localhost:4317", _DEFAULT)
    base = named or Sourced("http://localhost:4318", _DEFAULT)
    if signal.upper() in base.origin:
        return base  # a signal's own endpoint is taken as it stands
    return Sourced(f"{base.value.removesuffix('/')}/v1/{signal}", base.origin)


def _is_secure(signal: Signal, protocol: Protocol, address: Sourced[str], is_otlp: bool) -> bool:
    scheme = address.value.partition("://")[0].lower()
    is_insecure = None if is_otlp else otlp_variable(signal, "INSECURE")
    if protocol == "http/protobuf" or scheme == "https" or is_insecure is None:
        return scheme == "https" or (protocol == "grpc" and scheme != "http")
    return is_insecure.value.lower() != "true"


def _parsed(headers: str) -> Mapping[str, str]:
    # The SDK logs a header that it cannot read, secret and all.
    log = logging.getLogger(parse_env_headers.__module__)
    before, log.disabled = log.disabled, True
    try:
        return parse_env_headers(headers, liberal=True)
    finally:
        log.disabled = before


def _value(signal: Signal, what: str) -> str | None:
    named = otlp_variable(signal, what)
    return named.value if named else None
