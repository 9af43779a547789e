"""What a refusal means, and which habits may be behind a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import grpc

from otel_persona.diagnosis.route import Route
from otel_persona.setup.destinations import Destination

_CREDENTIALS = (
    "the credentials are missing or wrong: set OTEL_EXPORTER_OTLP_HEADERS, such as "
    "authorization=Bearer%20TOKEN"
)
_FORBIDDEN = "the credentials are known but may not send this"
_BUSY = "the collector takes no more for now: see its memory limiter, its queues and its quota"
_WRONG_PATH = (
    "nothing takes OTLP under this path: it ends in /v1/traces, /v1/metrics or /v1/logs, which is "
    "added to OTEL_EXPORTER_OTLP_ENDPOINT but not to a signal's own endpoint; or the collector has "
    "no pipeline for this signal"
)
_DOWN = "the collector, or a proxy before it, is not ready: see its own log"

ENCRYPTED = "the server speaks TLS, and this is plain text: write https:// in place of http://"
IS_GRPC = "it may be a port for gRPC: write grpc://, or set OTEL_EXPORTER_OTLP_PROTOCOL=grpc"
IS_HTTP = (
    "it may be a port for OTLP/HTTP: write http://, or set "
    "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
)
SILENT = "what listens there may be no collector, or one that hangs; --timeout waits longer"
HEADERS = "the headers cannot be sent: a name or a value holds a character that may not stand there"

OF_HTTP_STATUS = {
    400: "the server does not understand the request: perhaps it is no OTLP receiver",
    401: _CREDENTIALS,
    403: _FORBIDDEN,
    404: _WRONG_PATH,
    405: _WRONG_PATH,
    407: "the proxy wants credentials: put them into the address in HTTP_PROXY or HTTPS_PROXY",
    413: "the collector takes no request of this size",
    415: "the server takes no OTLP as binary protobuf, or not this compression: see "
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    429: _BUSY,
    500: "the collector failed: see its own log",
    502: _DOWN,
    503: _DOWN,
    504: _DOWN,
}
"""Hints by HTTP status."""

OF_GRPC_STATUS = {
    grpc.StatusCode.UNAUTHENTICATED: _CREDENTIALS,
    grpc.StatusCode.PERMISSION_DENIED: _FORBIDDEN,
    grpc.StatusCode.UNIMPLEMENTED: "the server has no OTLP receiver for this signal, or does not "
    "know this compression",
    grpc.StatusCode.RESOURCE_EXHAUSTED: _BUSY,
    grpc.StatusCode.INVALID_ARGUMENT: "the server does not understand the request",
    grpc.StatusCode.UNAVAILABLE: f"{IS_HTTP}; or the collector is not ready",
    grpc.StatusCode.INTERNAL: "the collector failed: see its own log",
}
"""Hints by gRPC status."""


def habits(destination: Destination, route: Route) -> Iterator[str]:
    """Yield what looks unusual about a destination; it matters only where something failed."""
    address, protocol = destination.address, destination.protocol.value
    if protocol == "http/protobuf" and route.port == 4317:
        yield "port 4317 is usually gRPC's, and 4318 that of OTLP/HTTP"
    if protocol == "grpc" and route.port == 4318:
        yield "port 4318 is usually that of OTLP/HTTP, and 4317 gRPC's"
    path = urlsplit(address.value).path
    if protocol == "http/protobuf" and path.count("/v1/") > 1:
        yield f"{address.origin} ends in a signal's path; leave it out, it is added"
    if protocol == "http/protobuf" and not path.rstrip("/").endswith(f"/v1/{destination.signal}"):
        yield f"{address.origin} is taken as it stands; the usual path is /v1/{destination.signal}"
    if protocol == "grpc" and not address.value.lower().startswith(("http://", "https://")):
        yield f"{address.origin} does not begin with http:// or https://, so it is encrypted"
    text = os.environ.get(destination.headers.origin, "")
    if any("=" not in part for part in text.split(",") if part.strip()):
        yield f"a part of {destination.headers.origin} is not name=value, and is left out"
    if route.proxy is not None:
        yield f"this goes through the proxy {route.proxy}; NO_PROXY lists hosts that do not"
    for variable in sorted(os.environ):
        if variable.startswith("OTEL_PYTHON_") and variable.endswith("_CREDENTIAL_PROVIDER"):
            yield f"doctor sends without the credentials that {variable} provides"
