"""One worker's parts of many cohorts, and an end that comes while they are written."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from otel_persona.cohorts import SubjectStates
from otel_persona.exporters.cohort_parts import CohortParts
from otel_persona.facts import Fingerprints
from otel_persona.records import record_from_entry
from otel_persona.settings import Settings

Counts = Callable[[str], dict[str, int]]


@pytest.fixture
def parts(tree: Any, make_entry: Callable[..., dict[str, Any]]) -> CohortParts:
    """Give the parts of two cohorts in each of four runs, of which nothing is written."""
    settings = Settings()
    folded = SubjectStates(settings)
    for run in range(4):
        for stage in "BC":
            folded.add(record_from_entry(make_entry(run_id=f"25K_{run}", stage=stage)))
    parts = CohortParts(tree.root, settings, Fingerprints())
    parts.take_in(folded)
    return parts


def test_a_checkpoint_gives_way_to_the_end(parts: CohortParts, tree: Any) -> None:
    """What it would still write as incomplete is written again as complete, and time is short."""
    parts.end()
    assert not parts.write(math.inf)
    assert not tree.root.exists()
    assert parts.write_complete(math.inf)
    assert [cohort["complete"] for cohort in tree.cohorts().values()] == [True] * 8


def test_what_an_end_could_not_write_is_told_once_and_counted(
    parts: CohortParts, counts: Counts, caplog: pytest.LogCaptureFixture
) -> None:
    """How many cohorts, of which runs, and what to do about it."""
    for _ in range(2):
        assert not parts.write_complete(-math.inf)
        parts.tell_unwritten()
    (told,) = caplog.messages
    assert "8 of the cohorts, and rollups, of '25K_0', '25K_1', '25K_2', …; call op.shut" in told
    assert "`otel-persona rollup` on the log" in told
    assert counts("faults") == {"sidecars_unwritten": 16}

    assert parts.write_complete(math.inf)
    parts.tell_unwritten()
    assert counts("faults") == {"sidecars_unwritten": 16}
