"""``OTEL_SDK_DISABLED=true`` turns everything off, files too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

EVERYTHING = """
handle = op.configure(run_id="25K_a", log="generation.log", stages=["B", "draft"],
                      otlp="http://127.0.0.1:9", batch="attempts:1",
                      on_batch=lambda batch: say(batch=True))

@op.attempt(stage="draft")
def draft(persona_id):
    return persona_id

with op.persona("p1"):
    generate("p1")
    returned = draft("p1")
say(returned=returned, flushed=handle.force_flush(), shut=op.shutdown())
"""


@pytest.mark.parametrize("value", ["true", "TRUE", " True "])
def test_nothing_is_written_and_nothing_breaks(run: Run, tmp_path: Path, value: str) -> None:
    """The program runs as ever, its declared stages included; there is no file and no batch."""
    ended = run(EVERYTHING, OTEL_SDK_DISABLED=value)

    assert ended.said == [{"returned": "p1", "flushed": True, "shut": True}]
    assert ended.errors == ""
    assert list(tmp_path.iterdir()) == []


def test_neither_is_it_without_a_call(run: Run, tmp_path: Path) -> None:
    """The variables that ask for a log are overruled."""
    ended = run("generate('1')", OTEL_SDK_DISABLED="true", OTEL_PERSONA_LOG="generation.log")

    assert (ended.code, ended.output, ended.errors) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["false", "0", "", "yes"])
def test_only_true_switches_off(run: Run, tmp_path: Path, value: str) -> None:
    """The standard knows one word for it."""
    run("op.configure(log='generation.log'); generate('1')", OTEL_SDK_DISABLED=value)

    assert (tmp_path / "generation.log").exists()


def test_wrong_settings_are_wrong_all_the_same(run: Run) -> None:
    """A program that is wrong does not become right by being switched off."""
    ended = run(
        """
try:
    op.configure(batch="weekly")
except op.SettingsError as error:
    say(problems=len(error.problems))
""",
        OTEL_SDK_DISABLED="true",
    )

    assert ended.said == [{"problems": 1}]


def test_settings_that_are_wrong_are_nobodys_concern(run: Run, tmp_path: Path) -> None:
    """What is off breaks nothing, not even where the decorator stands."""
    ended = run(
        "generate('1'); say(done=True)",
        OTEL_SDK_DISABLED="true",
        OTEL_PERSONA_LOG="generation.log",
        OTEL_PERSONA_FSYNC="maybe",
    )

    assert ended.said == [{"done": True}]
    assert list(tmp_path.iterdir()) == []
