"""What a reader finds at the top of each file, and where the servers listen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from otel_persona import semconv

FOLDER = Path(__file__).parents[2] / "collector-config"
FILES = sorted(FOLDER.rglob("*.yaml"))
README = (FOLDER / "README.md").read_text("utf-8")


def _heading(file: Path) -> str:
    lines = file.read_text("utf-8").splitlines()
    return "\n".join(lines[: next(n for n, line in enumerate(lines) if not line.startswith("#"))])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_says_what_it_is_for(file: Path) -> None:
    """The heading has a sentence for what the file is, who reads it, and what is listened on."""
    heading = _heading(file)
    assert "listens on" in heading.lower() or "read by" in heading.lower()
    command = "\n".join(re.findall(r"^#   (.+)$", heading, flags=re.MULTILINE))
    if command:
        assert f"collector-config/{file.name}" in command
        assert command in README


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_stands_in_the_readme(file: Path) -> None:
    """A file that the README does not explain is not found."""
    assert f"`{file.relative_to(FOLDER)}`" in README


@pytest.mark.parametrize("name", ["collector", "jaeger"])
def test_servers_listen_on_the_loopback_unless_told_otherwise(name: str) -> None:
    """Nobody else on the network reads or writes a user's traces by default."""
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    addresses = re.findall(r"^ *(?:endpoint|host): (.+)$", text, flags=re.MULTILINE)
    assert addresses
    for address in addresses:
        assert re.fullmatch(r"\$\{env:[A-Z_]+:-127\.0\.0\.1(:\d+)?\}", address)


def test_queries_ask_for_metrics_that_exist() -> None:
    """A metric that is renamed takes the README's queries with it."""
    (queries,) = re.findall(r"```promql\n(.*?)```", README, flags=re.DOTALL)
    asked = set(re.findall(r"persona_\w+?(?=_bucket|\b)", queries))
    assert asked
    assert asked <= {instrument.prometheus_name for instrument in semconv.INSTRUMENTS}
