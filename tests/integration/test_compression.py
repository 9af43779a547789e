"""``OTEL_EXPORTER_OTLP_COMPRESSION`` on the wire."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from .relay import Relay
from .sending import Senders, otlp_variables
from .servers import Collector

pytestmark = pytest.mark.integration


def _sent_bytes(folder: Path, to: int, protocol: str, compression: str | None) -> int:
    """Return how much a program sends that generates a hundred personas."""
    folder.mkdir()
    with Relay(to) as relay:
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        senders = Senders(folder, "weighed", **otlp_variables(relay.port, protocol, compression))
        senders.run("generate.py", "weighed", "100")
        relay.shutdown()
        return relay.sent_bytes


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_gzip_sends_a_fraction(tmp_path: Path, collector: Collector, protocol: str) -> None:
    """What a user sets reaches the exporters: all that the round trips call gzip is gzip."""
    port = collector.grpc if protocol == "grpc" else collector.http
    plain = _sent_bytes(tmp_path / "plain", port, protocol, None)
    compressed = _sent_bytes(tmp_path / "gzip", port, protocol, "gzip")
    assert compressed < plain / 3
