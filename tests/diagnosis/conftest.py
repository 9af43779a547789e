"""Collectors on the loopback that answer as a test wants, and a doctor that goes to see them."""

from __future__ import annotations

import contextlib
import http.server
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
import trustme

from otel_persona.diagnosis import Diagnosis, diagnose
from otel_persona.settings import read_settings
from otel_persona.setup.destinations import Sourced

Received = list[tuple[str, dict[str, str], bytes]]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in os.environ:
        if variable.startswith("OTEL_") or variable.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(variable)


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Diagnosis]:
    """Give a function that lets the doctor look: an address, and variables."""

    def look(otlp: str | None = None, *, timeout_s: float = 5.0, **variables: str) -> Diagnosis:
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        return diagnose(read_settings(), Sourced(otlp, "--otlp") if otlp else None, timeout_s)

    return look


@pytest.fixture
def failures(doctor: Callable[..., Diagnosis]) -> Callable[..., list[tuple[str, str, str]]]:
    """Give a function that lets the doctor look, and gives each signal's step, reason and hints."""

    def look(otlp: str | None = None, **options: Any) -> list[tuple[str, str, str]]:
        diagnosis = doctor(otlp, **options)
        assert not diagnosis.is_healthy
        return [
            (each.failure.step, each.failure.reason, "\n".join([*each.failure.hints, *each.habits]))
            for each in diagnosis.examinations
            if each.failure is not None
        ]

    return look


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Give an authority that nobody trusts."""
    return trustme.CA()


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """Give a server's side of TLS, with a certificate for the loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what the tests are about."""


@pytest.fixture
def http_server() -> Iterator[Callable[..., tuple[int, Received]]]:
    """Give a function that starts a server with one answer, and gives its port and what it got."""
    with contextlib.ExitStack() as running:

        def start(
            status: int = 200,
            body: bytes = b"",
            context: ssl.SSLContext | None = None,
            **headers: str,
        ) -> tuple[int, Received]:
            received: Received = []

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self) -> None:
                    sent = self.rfile.read(int(self.headers["content-length"]))
                    received.append((self.path, dict(self.headers), sent))
                    self.send_response(status)
                    answer = {"content_type": "application/x-protobuf", **headers}
                    for name, value in answer.items():
                        self.send_header(name.replace("_", "-"), value)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

                def log_message(self, *arguments: object) -> None:
                    """Say nothing."""

            server = running.enter_context(_Server(("127.0.0.1", 0), Handler))
            if context is not None:
                server.socket = context.wrap_socket(
                    server.socket, server_side=True, do_handshake_on_connect=False
                )
            threading.Thread(target=server.serve_forever, args=(0.02,)).start()
            running.callback(server.shutdown)
            return server.server_address[1], received

        yield start


@pytest.fixture
def grpc_server() -> Iterator[Callable[..., tuple[int, Received]]]:
    """Give a function that starts a gRPC server with one answer, and gives its port and calls."""
    with contextlib.ExitStack() as running:

        def start(
            body: bytes = b"",
            code: grpc.StatusCode | None = None,
            details: str = "",
            credentials: grpc.ServerCredentials | None = None,
        ) -> tuple[int, Received]:
            received: Received = []

            class AnyMethod(grpc.GenericRpcHandler):
                def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
                    def take(sent: bytes, context: grpc.ServicerContext) -> bytes:
                        metadata = {str(k): str(v) for k, v in call.invocation_metadata}
                        received.append((call.method, metadata, sent))
                        if code is not None:
                            context.abort(code, details)
                        return body

                    return grpc.unary_unary_rpc_method_handler(take)

            threads = running.enter_context(ThreadPoolExecutor(4))
            server = grpc.server(threads, handlers=[AnyMethod()])
            port = (
                server.add_insecure_port("127.0.0.1:0")
                if credentials is None
                else server.add_secure_port("127.0.0.1:0", credentials)
            )
            server.start()
            running.callback(lambda: server.stop(grace=None).wait())
            return port, received

        yield start
