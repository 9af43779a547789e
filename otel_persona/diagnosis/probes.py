"""Looks up a host, connects to it, and shakes hands with it, each within a time limit."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from otel_persona.diagnosis.hints import IS_HTTP
from otel_persona.diagnosis.route import Route
from otel_persona.diagnosis.steps import Step, StepFailed
from otel_persona.setup.destinations import Destination


def look_up(route: Route, timeout_s: float) -> Step:
    """Find the host's addresses."""
    found: Future[list[Any]] = Future()

    def run() -> None:
        try:
            found.set_result(socket.getaddrinfo(route.host, route.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.set_exception(error)

    # A resolver may take far longer than anyone waits, and cannot be told not to.
    threading.Thread(target=run, name="otel-persona-look-up", daemon=True).start()
    try:
        addresses = found.result(timeout_s)
    except TimeoutError as error:
        raise StepFailed(
            "DNS", f"the name {route.host!r} was not found within {timeout_s:g} s"
        ) from error
    except (OSError, UnicodeError) as error:
        raise StepFailed(
            "DNS",
            f"the name {route.host!r} cannot be found: {_text(error)}",
            "correct the host, or see whether this machine can look up any name",
        ) from error
    return Step("DNS", ", ".join(dict.fromkeys(address[4][0] for address in addresses)))


def connect(route: Route, timeout_s: float) -> Step:
    """Open a connection, and close it again."""
    place = f"{route.host}, port {route.port}"
    try:
        with socket.create_connection((route.host, route.port), timeout_s) as connection:
            return Step("connection", f"to {connection.getpeername()[0]}")
    except ConnectionRefusedError as error:
        raise StepFailed(
            "connection",
            f"nothing listens at {place} (connection refused)",
            "start the collector, or correct the address; in a container, localhost is the "
            "container itself",
        ) from error
    except TimeoutError as error:
        raise StepFailed(
            "connection",
            f"no connection to {place} within {timeout_s:g} s",
            "a firewall may drop it, or the host may be another one",
        ) from error
    except OSError as error:
        raise StepFailed("connection", f"no connection to {place}: {_text(error)}") from error


def shake_hands(destination: Destination, route: Route, timeout_s: float) -> Step:
    """Agree on encryption, and check the server's certificate as the exporter would.

    Behind a proxy only our own certificates are looked at.
    """
    context = _context(destination)
    if route.proxy is not None:
        return Step("TLS", "through the proxy")
    over_grpc = destination.protocol.value == "grpc"
    if over_grpc:
        context.set_alpn_protocols(["h2"])
    try:
        version, agreed = _handshake(context, route, timeout_s)
    except ssl.SSLCertVerificationError as error:
        raise StepFailed(
            "TLS",
            f"the server's certificate is not trusted: {error.verify_message}",
            "name its issuer's certificate (PEM) in OTEL_EXPORTER_OTLP_CERTIFICATE",
        ) from error
    except TimeoutError as error:
        raise StepFailed(
            "TLS",
            f"the server does not shake hands within {timeout_s:g} s",
            "perhaps it speaks plain text: write http:// in place of https://",
        ) from error
    except OSError as error:
        raise StepFailed(
            "TLS",
            f"the server does not shake hands: {_text(error)}",
            "perhaps it speaks plain text: write http:// in place of https://",
        ) from error
    if over_grpc and agreed != "h2":
        raise StepFailed("TLS", "the server does not offer HTTP/2, which gRPC needs", IS_HTTP)
    return Step("TLS", version)


def speaks_tls(route: Route, timeout_s: float) -> bool:
    """Return whether a server answers a TLS greeting, whoever it is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent to it
    try:
        _handshake(context, route, timeout_s)
    except OSError:
        return False
    return True


def _handshake(context: ssl.SSLContext, route: Route, timeout_s: float) -> tuple[str, str | None]:
    with (
        socket.create_connection((route.host, route.port), timeout_s) as plain,
        context.wrap_socket(plain, server_hostname=route.host) as secure,
    ):
        return secure.version() or "", secure.selected_alpn_protocol()


def _context(destination: Destination) -> ssl.SSLContext:
    """Trust what the exporter's library trusts; where it is stricter, sending shows it."""
    _, key, chain = destination.credentials
    trusted = _trusted(destination)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        is_folder = Path(trusted).is_dir()
        context.load_verify_locations(**{"capath" if is_folder else "cafile": trusted})
        if chain is not None:
            context.load_cert_chain(chain, key, password="")
    except OSError as error:
        files = ", ".join(filter(None, (trusted, chain, key)))
        raise StepFailed(
            "TLS",
            f"the certificates cannot be read: {_text(error)} ({files})",
            "correct OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY",
        ) from error
    return context


def _trusted(destination: Destination) -> str:
    named = destination.credentials.certificate
    if destination.protocol.value == "grpc":
        return named or os.environ.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH") or DEFAULT_CA_BUNDLE_PATH
    bundles = map(os.environ.get, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    return next(filter(None, bundles), None) or named or DEFAULT_CA_BUNDLE_PATH


def _text(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return getattr(error, "strerror", None) or str(error)
