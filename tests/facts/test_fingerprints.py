"""What the hash of the settings tells, and what it leaves out."""

from __future__ import annotations

import pytest

from otel_persona.facts import settings_hash
from otel_persona.settings import Prices, Safety, Settings, SidecarSettings

PLAIN = settings_hash(Settings())


@pytest.mark.parametrize(
    "settings",
    [
        Settings(run_id="25K_1"),
        Settings(log="generation.log", sidecars="REPRODUCIBILITY", otlp="http://127.0.0.1:4318"),
        Settings(batch="attempts:100"),
        Settings(strict=True, fsync="line", pending_records=1, label_values=1),
    ],
)
def test_names_places_and_batches_change_nothing(settings: Settings) -> None:
    """Live and from a log, a run has the same print, wherever it was written to."""
    assert settings_hash(settings) == PLAIN


@pytest.mark.parametrize(
    "settings",
    [
        Settings(tier="25K"),
        Settings(target="personas"),
        Settings(prices=Prices(default=0.001)),
        Settings(directions={"auc": "higher_is_better"}),
        Settings(safety=Safety(telemetry=SidecarSettings(naming="metrics"))),
    ],
)
def test_what_shapes_a_run_changes_its_print(settings: Settings) -> None:
    """Two runs under different settings are not the same by their prints."""
    assert settings_hash(settings) != PLAIN
    assert len(settings_hash(settings)) == 64


def test_the_order_of_names_is_no_difference() -> None:
    """A file that was sorted otherwise has the same print."""
    names = {"auc": "higher_is_better", "loss": "higher_is_worse"}
    backwards = dict(reversed(names.items()))
    assert settings_hash(Settings(directions=names)) == settings_hash(
        Settings(directions=backwards)
    )
