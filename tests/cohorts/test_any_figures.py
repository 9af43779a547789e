"""A pipeline may hand over whatever it has: a save keeps it, or says in one sentence why not."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import otel_persona as op
from tests.cohorts.trees import end_of, read

HUGE = int(sys.float_info.max)

figures = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([HUGE, -HUGE, 1.7e308, -1.7e308, 5e-324, True, False, None]),
    st.text(),
    st.sampled_from(["\ud800", 2 * HUGE, b"", 1j, [], object(), np.zeros(2)]),
)


@settings(max_examples=50, deadline=None)
@given(runs=st.lists(st.dictionaries(st.sampled_from("ab\ud800"), figures), max_size=6))
def test_any_figures_are_kept_as_they_are_or_refused(
    tmp_path_factory: pytest.TempPathFactory, runs: list[dict[str, Any]]
) -> None:
    """No save raises anything but our own error, whatever the runs before had."""
    tracker = op.ReproducibilityTracker(tmp_path_factory.mktemp("any"), op.Settings())
    cohort: Any = {"stage": "S", "view": "CROSS_SECTIONAL", "target": "t"}
    for number, metrics in enumerate(runs):
        try:
            folder = tracker.save_to_cohort(
                run_id=f"run_{number}", ended_at=end_of(number), metrics=metrics, **cohort
            )
        except op.UsageError:
            continue
        assert folder is not None
        assert read(folder / "metrics.json") == metrics
