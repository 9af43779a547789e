"""``capture``: what attempts leave behind, for tests of programs that generate."""

from __future__ import annotations

from pathlib import Path

import pytest

import otel_persona as op
from otel_persona.instrumentation import telemetry
from otel_persona.testing import capture


def test_every_setting_is_heeded(tmp_path: Path) -> None:
    """Those of the log too: as many lines wait as it says."""
    (tmp_path / "logs").write_text("in the way")
    with capture(log=tmp_path / "logs" / "generation.log", pending_records=2) as captured:
        for _ in range(5):
            with op.attempt(stage="B"):
                pass
        [lost] = captured.metric("persona.records.lost").values()
    assert len(captured.records) == 5
    assert lost.value >= 3


def test_the_environment_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test gives the same figures wherever it runs."""
    monkeypatch.setenv("OTEL_PERSONA_LOG", str(tmp_path / "generation.log"))
    monkeypatch.setenv("OTEL_PERSONA_RUN_ID", "of the environment")
    with capture(run_id="of the test") as captured, op.attempt(stage="B"):
        pass
    assert [record.run_id for record in captured.records] == ["of the test"]
    assert list(tmp_path.iterdir()) == []


def test_what_was_in_use_before_is_in_use_again() -> None:
    """Blocks stand inside each other, and an exception leaves none behind."""
    before = telemetry.installed()
    with capture() as outer:
        with pytest.raises(ValueError, match="no"), capture() as inner, op.attempt(stage="B"):
            raise ValueError("no")
        with op.attempt(stage="C"):
            pass
    assert telemetry.installed() is before
    assert [record.stage for record in inner.records] == ["B"]
    assert [record.stage for record in outer.records] == ["C"]
