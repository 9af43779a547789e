"""The figures of each stage of a run."""

from __future__ import annotations

from typing import Any

import msgspec

from otel_persona.aggregation import BatchState, BatchSummary, summarise_batch
from otel_persona.analysis.run_attempts import RunAttempts
from otel_persona.settings import Prices

# What a batch has besides its figures.
_BATCH_ONLY = ("index", "key", "complete", "indicators")


def analyze_stages(attempts: RunAttempts, prices: Prices) -> dict[str, BatchSummary]:
    """Read all attempts of a run and return each stage's figures, in order of first appearance.

    They are those of a single batch that holds the whole stage. Raises what reading raises.
    """
    states: dict[str, BatchState] = {}
    for record in attempts:
        state = states.get(record.stage)
        if state is None:
            state = states[record.stage] = BatchState()
        state.add(record)
    return {stage: summarise_batch(state, prices) for stage, state in states.items()}


def stage_document(stage: str, summary: BatchSummary) -> dict[str, Any]:
    """Return a stage and its figures, named as for a batch, without what only a batch has."""
    figures = msgspec.structs.asdict(summary)
    return {"stage": stage} | {
        name: value for name, value in figures.items() if name not in _BATCH_ONLY
    }
