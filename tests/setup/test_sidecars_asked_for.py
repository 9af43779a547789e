"""Sidecars that are asked for, by ``configure``, by a variable, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import otel_persona as op
from otel_persona.errors import SettingsError

Run = Callable[..., Any]


def _attempts(tmp_path: Path) -> dict[str, int]:
    """Tell how many attempts each complete cohort has."""
    found = {}
    for path in sorted((tmp_path / "REPRODUCIBILITY").rglob("metadata.json")):
        content = json.loads(path.read_text("utf-8"))
        assert content["complete"] is True
        names = (content[name] for name in ("stage", "view", "target", "run_id"))
        found["/".join(names)] = content["n_attempts"]
    return found


def test_a_variable_is_enough(run: Run, tmp_path: Path) -> None:
    """With decorators alone, target and symbol may be given the same way; nothing else is heard."""
    ended = run(
        "for number in range(3): generate(str(number), tokens=5)",
        OTEL_PERSONA_SIDECARS="REPRODUCIBILITY",
        OTEL_PERSONA_RUN_ID="25K_20260131",
        OTEL_PERSONA_TARGET="hobbies",
        OTEL_PERSONA_SYMBOL="Nord",
    )

    assert (ended.code, ended.output, ended.errors) == (0, "", "")
    assert _attempts(tmp_path) == {
        "B/CROSS_SECTIONAL/hobbies/25K_20260131": 3,
        "B/SYMBOL_SPECIFIC/hobbies/25K_20260131": 3,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["REPRODUCIBILITY"]


def test_a_later_configure_completes_the_earlier_run(run: Run, tmp_path: Path) -> None:
    """Each run has its own attempts, and the first is a baseline of the second."""
    ended = run(
        """
for run_id in "25K_1", "25K_2":
    op.configure(run_id=run_id, sidecars="REPRODUCIBILITY")
    for number in range(4):
        generate(str(number))
say(shut=op.shutdown())
"""
    )

    assert ended.said == [{"shut": True}]
    assert _attempts(tmp_path) == {
        "B/CROSS_SECTIONAL/25K/25K_1": 4,
        "B/CROSS_SECTIONAL/25K/25K_2": 4,
    }
    (drift,) = tmp_path.rglob("cohort=cr_25K_2/telemetry_drift.json")
    assert json.loads(drift.read_text())["baselines"]["previous_run"]["run_ids"] == ["25K_1"]


def test_a_working_directory_that_changes_leaves_the_tree_where_it_is(
    run: Run, tmp_path: Path
) -> None:
    """As with the log, the path is that of the moment in which it was given."""
    ended = run(
        """
op.configure(run_id="25K_1", sidecars="REPRODUCIBILITY")
os.mkdir("elsewhere"); os.chdir("elsewhere")
generate("1")
"""
    )

    assert (ended.code, ended.errors) == (0, "")
    assert _attempts(tmp_path) == {"B/CROSS_SECTIONAL/25K/25K_1": 1}


@pytest.mark.parametrize("sampled", ["always_off", "always_on"])
def test_sampling_costs_no_attempt(run: Run, tmp_path: Path, sampled: str) -> None:
    """What leaves the machine and what is kept of a run are two things."""
    run(
        "op.configure(run_id='25K_1', sidecars='REPRODUCIBILITY'); generate('1')",
        OTEL_TRACES_SAMPLER=sampled,
    )

    assert _attempts(tmp_path) == {"B/CROSS_SECTIONAL/25K/25K_1": 1}


def test_nothing_is_loaded_for_sidecars_that_nobody_wants(run: Run) -> None:
    """A program that writes a log alone does not pay for the rooms of the cohorts."""
    ended = run(
        """
op.configure(log="generation.log")
generate("1")
say(loaded=[name for name in sys.modules if name.startswith(("otel_persona.cohorts", "numpy"))])
"""
    )

    assert ended.said == [{"loaded": []}]


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_PERSONA_SETTINGS": "off.yaml"},
    ],
    ids=["disabled", "not enabled"],
)
def test_switched_off_nothing_is_written(
    run: Run, tmp_path: Path, variables: dict[str, str]
) -> None:
    """Whichever switch it is, there is no file and no thread."""
    (tmp_path / "off.yaml").write_text("safety: {telemetry: {enabled: false}}")
    ended = run(
        """
import threading
op.configure(sidecars="REPRODUCIBILITY")
for number in range(200):
    generate(str(number))
say(threads=threading.active_count(), shut=op.shutdown())
""",
        **variables,
    )

    assert ended.said == [{"threads": 1, "shut": True}]
    assert ended.errors == ""
    assert [path.name for path in tmp_path.iterdir()] == ["off.yaml"]


def test_a_file_where_the_tree_should_be_is_named_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a problem of the settings, with the place that it came from."""
    monkeypatch.chdir(tmp_path)
    Path("REPRODUCIBILITY").touch()
    with pytest.raises(SettingsError) as refused:
        op.configure(sidecars="REPRODUCIBILITY", batch="weekly")

    right = "is a file; write the path of a folder"
    assert refused.value.problems[-1] == f"configure: sidecars: 'REPRODUCIBILITY' {right}"
    assert len(refused.value.problems) == 2


def test_paths_that_no_system_takes_are_told_when_they_are_written(run: Run) -> None:
    """A name that is too long is no reason to stop the program."""
    ended = run(
        """
handle = op.configure(run_id="25K_1", log="x" * 300, sidecars="y" * 300)
generate("1")
say(flushed=handle.force_flush())
"""
    )

    assert ended.said == [{"flushed": False}]
    assert sum("too long" in line for line in ended.errors.splitlines()) == 2
