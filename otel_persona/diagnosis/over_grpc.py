"""Sends one request over gRPC, once, and returns the server's answer, which exporters pass over."""

from __future__ import annotations

import re
from pathlib import Path

import grpc
from google.protobuf.message import Message

from otel_persona.diagnosis.hints import ENCRYPTED, HEADERS, OF_GRPC_STATUS, SILENT
from otel_persona.diagnosis.probes import speaks_tls
from otel_persona.diagnosis.route import Route
from otel_persona.diagnosis.services import SERVICES
from otel_persona.diagnosis.steps import Step, StepFailed
from otel_persona.setup.destinations import Destination

# What may stand in metadata; gRPC itself would name no header, and write to standard error.
_NAME = re.compile(r"[0-9a-z_.-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")


def send(
    destination: Destination, route: Route, request: Message, timeout_s: float
) -> tuple[Step, Message]:
    """Send; returns the step taken and the response. Raises ``StepFailed``."""
    service = SERVICES[destination.signal]
    headers = tuple(destination.headers.value.items())
    if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers):
        raise StepFailed("answer", HEADERS, f"correct {destination.headers.origin}")
    with _channel(destination) as channel:
        export = channel.unary_unary(
            service.method,
            request_serializer=type(request).SerializeToString,
            response_deserializer=service.response.FromString,
        )
        try:
            response = export(request, timeout=timeout_s, metadata=headers)
        except grpc.RpcError as error:
            raise _failed(error, destination, route, timeout_s) from error
    return Step("answer", "gRPC OK"), response


def _failed(
    error: grpc.RpcError, destination: Destination, route: Route, timeout_s: float
) -> StepFailed:
    status = error.code()
    if status is grpc.StatusCode.DEADLINE_EXCEEDED:
        return StepFailed("answer", f"no answer within {timeout_s:g} s", SILENT)
    hint = OF_GRPC_STATUS.get(status)
    is_plain = not destination.is_secure and route.proxy is None
    if status is grpc.StatusCode.UNAVAILABLE and is_plain and speaks_tls(route, timeout_s):
        hint = ENCRYPTED
    said = " ".join((error.details() or "").split())
    return StepFailed("answer", f"gRPC {status.name}{said and ': '}{said}", *filter(None, [hint]))


def _channel(destination: Destination) -> grpc.Channel:
    address = destination.address.value
    target = address.partition("://")[2].partition("/")[0] or address
    is_gzip = destination.compression.value.strip().lower() == "gzip"
    compression = grpc.Compression.Gzip if is_gzip else grpc.Compression.NoCompression
    if not destination.is_secure:
        return grpc.insecure_channel(target, compression=compression)
    certificate, key, chain = map(_read, destination.credentials)
    # As in the exporter, a client's key counts only beside a certificate.
    credentials = (
        grpc.ssl_channel_credentials(certificate, key, chain)
        if certificate
        else grpc.ssl_channel_credentials()
    )
    return grpc.secure_channel(target, credentials, compression=compression)


def _read(path: str | None) -> bytes | None:
    return Path(path).read_bytes() if path else None
