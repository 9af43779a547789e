"""What tests share: a plain attempt, a log's lines, collectors, Ctrl-C that is heeded, hypothesis.

Machines are shared and noisy: how long one example takes says nothing.
"""

from __future__ import annotations

import http.server
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import hypothesis
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_persona.analysis import LogReader, Skipped
from otel_persona.records import AttemptRecord

hypothesis.settings.register_profile("shared", deadline=None, print_blob=True)
hypothesis.settings.load_profile("shared")


@pytest.fixture
def _heeded_interrupt() -> Iterator[None]:
    """Let a command heed SIGINT, which a shell's background job and its children ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def make_entry() -> Callable[..., dict[str, Any]]:
    """Give a function that makes the entry of a plain attempt, with the given keys changed."""

    def make(**changed: Any) -> dict[str, Any]:
        plain = {
            "ts": "2026-01-31T14:32:01.234Z",
            "run_id": "25K_20260131_143200",
            "persona_id": "1",
            "stage": "B",
            "attempt": 1,
            "status": "success",
            "latency_ms": 1250,
            "prompt_tokens": 450,
            "completion_tokens": 320,
            "repairs": [],
            "validator_scores": {},
            "opening_move": None,
            "constraint_categories": [],
            "anchors_used": [],
            "error": None,
        }
        return plain | changed

    return make


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., list[AttemptRecord]]:
    """Give a function that reads a log in the test's folder, all of whose lines must be whole."""

    def read(name: str = "generation.log") -> list[AttemptRecord]:
        skipped: list[Skipped] = []
        found = list(LogReader([str(tmp_path / name)], skipped.append))
        assert skipped == []
        return found

    return read


class Collector:
    """A server that takes what it is sent, and remembers where it came in.

    The one for HTTP answers as ``answer`` says for each path, and takes what it answers with 200.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.answer: Callable[[str], int] = lambda path: 200
        self.received: list[tuple[str, bytes]] = []

    @property
    def places(self) -> set[str]:
        """The paths or methods that were called."""
        return {place for place, _ in self.received}

    def personas(self) -> list[str]:
        """Name the personas of the attempts whose spans came in."""
        return [
            attribute.value.string_value
            for place, body in self.received
            if "trace" in place.lower()
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            for attribute in span.attributes
            if attribute.key == "persona.id"
        ]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A program that ends takes its connections with it."""


@pytest.fixture
def http_collector() -> Iterator[Collector]:
    """Give a server that speaks OTLP over HTTP, with connections that stay open."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = collector.answer(self.path)
            if status == 200:
                collector.received.append((self.path, body))
            self.send_response(status)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        collector = Collector(server.server_address[1])
        threading.Thread(target=server.serve_forever).start()
        yield collector
        server.shutdown()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Give a port that refuses every connection."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Give a port that takes connections and never answers: a collector that hangs."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]


class _AnyMethod(grpc.GenericRpcHandler):
    def __init__(self, received: list[tuple[str, bytes]]) -> None:
        self._received = received

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        def take(body: bytes, _: grpc.ServicerContext) -> bytes:
            self._received.append((details.method, body))
            return b""

        return grpc.unary_unary_rpc_method_handler(take)


@pytest.fixture
def grpc_collector() -> Iterator[Collector]:
    """Give a server that speaks OTLP over gRPC."""
    received: list[tuple[str, bytes]] = []
    with ThreadPoolExecutor(4) as threads:
        server = grpc.server(threads, handlers=[_AnyMethod(received)])
        collector = Collector(server.add_insecure_port("127.0.0.1:0"))
        collector.received = received
        server.start()
        yield collector
        server.stop(grace=None).wait()
