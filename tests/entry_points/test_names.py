"""The names that OpenTelemetry finds, and the page that tells of them."""

from __future__ import annotations

from importlib.metadata import EntryPoint, distribution
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from otel_persona.errors import SettingsError
from otel_persona.settings import load_settings

OURS = [
    point
    for point in distribution("otel-persona").entry_points
    if point.group.startswith("opentelemetry_")
]
PAGE = (Path(__file__).parents[2] / "docs" / "set-up.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("point", OURS, ids=lambda point: f"{point.group}:{point.name}")
def test_every_name_is_on_the_page_and_loads(point: EntryPoint) -> None:
    """What is registered exists, is of the kind that its group asks for, and is documented."""
    found = point.load()

    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{point.name}` |"))
    assert f"`{point.group}`" in row
    if point.group == "opentelemetry_traces_exporter":
        assert issubclass(found, SpanExporter)
    elif point.group.endswith("sampler"):
        assert isinstance(found(), Sampler)
    elif point.group == "opentelemetry_environment_variables":
        variables = {name for name in dir(found) if name.startswith("OTEL_")}
        assert variables == {*_settings_variables(), "OTEL_PERSONA_SETTINGS"}
    else:
        assert callable(found().instrument)


def _settings_variables() -> list[str]:
    """Return the variables that the settings take, as the refusal of another names them."""
    with pytest.raises(SettingsError) as refused:
        load_settings(environ={"OTEL_PERSONA_XYZ_XYZ_XYZ_XYZ_XYZ": "1"})
    return str(refused.value).partition("there are ")[2].split(", ")


def test_every_name_on_the_page_is_registered() -> None:
    """The page's table has no name that is not there."""
    table = PAGE[PAGE.index("| name | in |") : PAGE.index("```sh\nOTEL_TRACES_EXPORTER")]
    named = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert named == {point.name for point in OURS}
