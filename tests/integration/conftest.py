"""The servers, started once for all tests here: the first that needs one waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .server_process import running
from .servers import Collector, Jaeger, Prometheus, Rotel


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which the servers keep their files and their output."""
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def jaeger(server_folder: Path) -> Iterator[Jaeger]:
    """Run Jaeger."""
    server = Jaeger(server_folder)
    with running(server):
        server.wait()
        yield server


@pytest.fixture(scope="session")
def collector(server_folder: Path, jaeger: Jaeger) -> Iterator[Collector]:
    """Run the collector, which sends traces to Jaeger."""
    server = Collector(server_folder, jaeger=jaeger.otlp)
    with running(server):
        server.wait()
        yield server


@pytest.fixture(scope="session")
def prometheus(server_folder: Path, collector: Collector) -> Iterator[Prometheus]:
    """Run Prometheus, which reads the collector's metrics."""
    server = Prometheus(server_folder, collector=collector)
    with running(server):
        server.wait()
        yield server


@pytest.fixture(scope="session")
def rotel(server_folder: Path, collector: Collector) -> Iterator[Rotel]:
    """Run rotel, which passes on to the collector what it gets."""
    server = Rotel(server_folder, to=collector.grpc)
    with running(server):
        server.wait()
        yield server
