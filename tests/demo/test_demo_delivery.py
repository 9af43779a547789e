"""Sending to a collector: it gets everything, and where it does not, that is said."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_persona.demo.lookup import find_run


class _Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP, answers with one status code, and counts spans by name.

    It takes ``wait_s`` seconds for each request with spans.
    """

    def __init__(self, code: int, wait_s: float) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.code = code
        self.wait_s = wait_s
        self.paths: Counter[str] = Counter()
        self.spans: Counter[str] = Counter()
        self.instances: set[str] = set()


class _Answer(BaseHTTPRequestHandler):
    server: _Collector

    def do_POST(self) -> None:
        """Take a request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.paths[self.path] += 1
        if self.path == "/v1/traces":
            threading.Event().wait(self.server.wait_s)
            request = ExportTraceServiceRequest.FromString(body)
            self.server.instances |= {
                attribute.value.string_value
                for resource in request.resource_spans
                for attribute in resource.resource.attributes
                if attribute.key == "service.instance.id"
            }
            self.server.spans.update(
                span.name
                for resource in request.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            )
        self.send_response(self.server.code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@contextmanager
def _collector(code: int, wait_s: float = 0.0) -> Iterator[_Collector]:
    server = _Collector(code, wait_s)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_collector_gets_every_attempt(run_command: Any, tmp_path: Path) -> None:
    """A replay makes spans faster than a slow collector takes them; none may be lost."""
    with _collector(200, wait_s=0.8) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        done = run_command(tmp_path, "demo", "--otlp", address)
    assert done.returncode == 0, done.stderr
    attempts = {name: n for name, n in server.spans.items() if name.startswith("generate_persona")}
    assert sum(attempts.values()) == 3_000
    personas = re.search(r"attempts for (\d+) personas", done.stdout)
    assert personas is not None
    assert server.spans["persona"] == int(personas.group(1))
    assert set(server.paths) == {"/v1/traces", "/v1/metrics", "/v1/logs"}


def test_the_end_says_where_to_look(run_command: Any, tmp_path: Path) -> None:
    """The search is for this run, in the time of its spans, and the queries are for its process."""
    with _collector(200) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        done = run_command(tmp_path, "demo", "--attempts", "50", "--otlp", address)

    lines = [json.loads(line) for line in _log(tmp_path).splitlines()]
    (search,) = re.findall(
        r"^  http://127\.0\.0\.1:16686/search\?(\S+)$", done.stdout, re.MULTILINE
    )
    asked = {name: value for name, (value,) in parse_qs(search).items()}
    assert asked["service"] == "otel-persona"
    assert json.loads(asked["tags"]) == {"persona.run.id": lines[0]["run_id"]}
    assert asked["lookback"] == "custom", "Jaeger would search the last hour"
    ends = [datetime.fromisoformat(line["ts"]).timestamp() * 1_000_000 for line in lines]
    assert (
        int(asked["start"]) <= ends[0] - lines[0]["latency_ms"] * 1_000 + 2_000
    )  # both are whole ms
    assert ends[-1] <= int(asked["end"])
    (instance,) = server.instances
    assert done.stdout.count(f'{{instance="{instance}"}}') == 3


def test_a_collector_at_an_address_of_ipv6() -> None:
    """Its host stands in brackets there, and must do so in the addresses beside it."""
    lookup = find_run("http://[::1]:4318", "run", began_ns=0, ended_ns=1)

    assert lookup.jaeger.startswith("http://[::1]:16686/search?")
    assert lookup.prometheus == "http://[::1]:9090"


def test_nothing_was_sent_so_there_is_nothing_to_look_at(plain_demo: Any) -> None:
    """An address would promise what is not there."""
    assert "Where to look" not in plain_demo.output


def test_a_collector_that_refuses_is_told_of(run_command: Any, tmp_path: Path) -> None:
    """The log is whole, one sentence names the collector, and the exit code is 1."""
    with _collector(400) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        done = run_command(tmp_path, "demo", "--attempts", "50", "--otlp", address)
    _undelivered(done, address, tmp_path)


def test_a_collector_that_is_not_there_is_told_of(run_command: Any, tmp_path: Path) -> None:
    """No endless retries, and no noise of the SDK's own."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses every connection
        address = f"grpc://127.0.0.1:{taken.getsockname()[1]}"
        done = run_command(tmp_path, "demo", "--attempts", "50", "--otlp", address)
    _undelivered(done, address, tmp_path)


def _undelivered(done: Any, address: str, folder: Path) -> None:
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert f"the collector at {address} did not take everything" in done.stderr
    assert len(_log(folder).splitlines()) == 50
    assert "Where it comes from" in done.stdout
    assert "Where to look" not in done.stdout


def _log(folder: Path) -> str:
    return (folder / "otel-persona-demo/generation.log").read_text("utf-8")
