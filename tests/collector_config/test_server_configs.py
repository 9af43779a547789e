"""Each server accepts its own file, by hand and with what the compose file gives it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Check = Callable[..., None]

pytestmark = pytest.mark.integration


def test_collector_takes_its_config(check: Check, folder: Path) -> None:
    """``otelcol --config collector-config/collector.yaml`` starts as it stands."""
    check("otelcol", "validate", "--config", str(folder / "collector.yaml"))


def test_collector_takes_its_config_in_compose(check: Check, folder: Path, compose: Any) -> None:
    """The addresses that a container gets are right for the collector too."""
    environment = compose["services"]["collector"]["environment"]
    check("otelcol", "validate", "--config", str(folder / "collector.yaml"), **environment)


def test_jaeger_takes_its_config(check: Check, folder: Path, compose: Any) -> None:
    """Jaeger starts by hand and in compose."""
    environment = compose["services"]["jaeger"]["environment"]
    for variables in ({}, environment):
        check("jaeger", "validate", "--config", str(folder / "jaeger.yaml"), **variables)


def test_prometheus_takes_its_config(check: Check, folder: Path) -> None:
    """Prometheus accepts its file and the targets it names."""
    check("promtool", "check", "config", str(folder / "prometheus.yaml"))


def test_prometheus_takes_its_config_in_compose(
    check: Check, folder: Path, compose: Any, tmp_path: Path
) -> None:
    """The targets that compose puts in the place of the local ones are right as well."""
    shutil.copy(folder / "prometheus.yaml", tmp_path)
    targets = compose["configs"]["prometheus-targets"]["content"]
    (tmp_path / "prometheus-targets.yaml").write_text(targets, "utf-8")
    check("promtool", "check", "config", str(tmp_path / "prometheus.yaml"))
