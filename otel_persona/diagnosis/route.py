"""The way to a destination: its address taken apart, and the proxy in between."""

from __future__ import annotations

import os
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from requests.utils import get_environ_proxies, select_proxy, should_bypass_proxies

from otel_persona.diagnosis.steps import StepFailed
from otel_persona.masking import masked_address
from otel_persona.setup.destinations import Destination, wrong_options

_EXAMPLES = {"grpc": "http://localhost:4317", "http/protobuf": "http://localhost:4318"}
_UNREADABLE = "cannot be read: a port is a number up to 65535, an IPv6 host stands in brackets"
_GRPC_PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")


class Route(NamedTuple):
    """Where to connect to. With a ``proxy`` in between, that is the proxy's host and port."""

    host: str
    port: int
    proxy: str | None = None


def find_route(destination: Destination) -> Route:
    """Take the address apart; raises ``StepFailed`` if no exporter could use it."""
    for problem in wrong_options(destination):
        raise StepFailed("address", problem)
    address = destination.address.value
    over_http = destination.protocol.value == "http/protobuf"
    if over_http and not address.lower().startswith(("http://", "https://")):
        raise _wrong(destination, "must begin with http:// or https://")
    host, port = _host_and_port(destination)
    if port is None:
        # gRPC takes 443 even without encryption.
        port = 80 if over_http and not destination.is_secure else 443
    proxy = _proxy(destination)
    return Route(host, port) if proxy is None else _to_proxy(proxy)


def _to_proxy(proxy: str) -> Route:
    try:
        at = _split(proxy)
        return Route(at.hostname or "", at.port or 80, masked_address(proxy))
    except ValueError as error:
        raise StepFailed(
            "address",
            f"the address of the proxy {masked_address(proxy)!r} cannot be read",
            "correct HTTP_PROXY or HTTPS_PROXY (over gRPC: grpc_proxy too)",
        ) from error


def _host_and_port(destination: Destination) -> tuple[str, int | None]:
    try:
        address = _split(destination.address.value)
        host, port = address.hostname, address.port
    except ValueError as error:
        # The error's own words may hold a part of a password.
        raise _wrong(destination, _UNREADABLE) from error
    if not host or any(character.isspace() for character in host):
        raise _wrong(destination, "names no host")
    return host, port


def _split(address: str) -> SplitResult:
    return urlsplit(address if "://" in address else f"//{address}")


def _wrong(destination: Destination, reason: str) -> StepFailed:
    protocol, address = destination.protocol.value, destination.address
    return StepFailed(
        "address",
        f"{masked_address(address.value)!r} {reason}",
        f"correct {address.origin}; right is an address such as {_EXAMPLES[protocol]}",
    )


def _proxy(destination: Destination) -> str | None:
    """Return the proxy that the exporter would go through, by the rules of its library."""
    address = destination.address.value
    if destination.protocol.value == "http/protobuf":
        return select_proxy(address, get_environ_proxies(address))
    named = next(filter(None, map(os.environ.get, _GRPC_PROXIES)), None)
    whole = address if "://" in address else f"http://{address}"
    return None if should_bypass_proxies(whole, no_proxy=None) else named
