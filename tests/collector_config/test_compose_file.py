"""The compose file, as far as it can be checked where no containers run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

SCHEMA = Path(__file__).parent / "compose_spec" / "compose-spec.json"


def test_compose_file_follows_the_specification(compose: Any) -> None:
    """A key that Compose does not know, or a value of the wrong kind, stops every service."""
    jsonschema.Draft202012Validator(msgspec.json.decode(SCHEMA.read_bytes())).validate(compose)


def test_images_are_pinned(compose: Any) -> None:
    """What was tested is what starts, today and in a year."""
    for service in compose["services"].values():
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", service["image"])


def test_ports_are_published_on_the_loopback_alone(compose: Any) -> None:
    """A port without an address is open to the whole network, past the host's firewall."""
    ports = [port for service in compose["services"].values() for port in service["ports"]]
    assert ports
    for port in ports:
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


def test_mounted_files_and_volumes_exist(compose: Any, folder: Path) -> None:
    """Docker makes a folder in the place of a file that is missing, and the service fails on it."""
    for service in compose["services"].values():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            known = (folder / source).is_file() if "/" in source else source in compose["volumes"]
            assert known, mount
        for config in service.get("configs", []):
            assert config["source"] in compose["configs"]


def test_files_named_in_commands_are_mounted(compose: Any) -> None:
    """A service reads the file that was mounted for it."""
    for name in ("collector", "jaeger", "prometheus"):
        service = compose["services"][name]
        targets = {mount.split(":")[1] for mount in service["volumes"]}
        (config,) = [word for word in service["command"] if word.startswith("--config")]
        assert config.split("=")[1] in targets


@pytest.mark.parametrize("name", ["collector", "jaeger"])
def test_variables_are_those_of_the_mounted_file(compose: Any, folder: Path, name: str) -> None:
    """A variable with a wrong name would leave its address on the container's own loopback."""
    given = set(compose["services"][name]["environment"])
    read = re.findall(r"\$\{env:(\w+):-", (folder / f"{name}.yaml").read_text("utf-8"))
    assert given <= set(read)


def test_every_service_is_asked_how_it_is(compose: Any) -> None:
    """All but the collector, whose image has nothing to ask with, have a health check."""
    asked = {name for name, service in compose["services"].items() if "healthcheck" in service}
    assert asked == set(compose["services"]) - {"collector"}
    for service in compose["services"].values():
        for needed, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert needed in asked


def test_grafana_asks_the_services_of_the_compose_file(compose: Any, folder: Path) -> None:
    """A data source's address is a service's name and the port that it listens on."""
    sources = yaml.safe_load((folder / "grafana" / "datasources.yaml").read_text("utf-8"))
    for source in sources["datasources"]:
        host, port = re.fullmatch(r"http://(\w+):(\d+)", source["url"]).groups()
        assert source["type"] == host
        assert f"127.0.0.1:{port}:{port}" in compose["services"][host]["ports"]


def test_prometheus_reads_where_the_collector_listens(compose: Any, folder: Path) -> None:
    """By hand and in compose the targets are the collector's two metrics ports."""
    text = (folder / "collector.yaml").read_text("utf-8")
    own = re.findall(r"COLLECTOR_OWN_METRICS_PORT:-(\d+)", text)
    shown = re.findall(r"COLLECTOR_PROMETHEUS:-127\.0\.0\.1:(\d+)", text)
    by_hand = (folder / "prometheus-targets.yaml").read_text("utf-8")
    in_compose = compose["configs"]["prometheus-targets"]["content"]
    for targets, host in ((by_hand, "127.0.0.1"), (in_compose, "collector")):
        assert yaml.safe_load(targets) == [
            {"targets": [f"{host}:{shown[0]}"], "labels": {"job": "otel-persona"}},
            {"targets": [f"{host}:{own[0]}"], "labels": {"job": "collector"}},
        ]
    environment = compose["services"]["collector"]["environment"]
    assert environment["COLLECTOR_PROMETHEUS"] == f"0.0.0.0:{shown[0]}"
