"""Where each field of the demo's records comes from."""

from __future__ import annotations

from typing import NamedTuple

from otel_persona.demo.replay import Position
from otel_persona.demo.sources import GOALPREF, LLMPERF

COMPOSITION = (
    "These records are a composition, not an observation: the texts are one data set "
    f"({GOALPREF.name}: {GOALPREF.content}), the requests another ({LLMPERF.name}: "
    f"{LLMPERF.content}). No model wrote these texts in these requests."
)

SIDECARS = (
    f"The sidecars hold requests of {LLMPERF.name} alone ({LLMPERF.licence}): latency, tokens and "
    "failures as they were. Consecutive slices of 30 stand for runs, the model's size is the "
    "target, the provider the symbol. The data has no time for each request, so their moments are "
    "made up: each slice starts an hour after the one before."
)


class Origin(NamedTuple):
    """Fields of a record, where their values come from, and under which license."""

    fields: str
    source: str
    licence: str


_ORIGINS = (
    Origin(
        "latency_ms",
        f"{LLMPERF.name}: end-to-end latency; 0 where it has none (errors 429 and -1), and for "
        "validation, which asks no model",
        LLMPERF.licence,
    ),
    Origin(
        "prompt_tokens, completion_tokens, model",
        f"{LLMPERF.name}; 0 tokens where it has none",
        LLMPERF.licence,
    ),
    Origin("status, error", f"{LLMPERF.name}: error codes, raised as exceptions", LLMPERF.licence),
    Origin(
        "opening_move, anchors_used, validator_scores, repairs",
        f"this demo's validators, on texts of {GOALPREF.name}",
        GOALPREF.licence,
    ),
    Origin("constraint_categories", "neither source has any, so it is empty", "-"),
    Origin("stage, persona_id, attempt", "this demo's pipeline, counted as it runs", "-"),
    Origin(
        "ts",
        "a virtual clock, which moves by the replayed latency and ends before now",
        "-",
    ),
    Origin("run_id, trace_id, span_id", "made for this run", "-"),
)


def origins(simulated_from: Position | None) -> list[Origin]:
    """Return the origins of all fields; ``simulated_from`` is where a simulation starts."""
    if simulated_from is None:
        return [*_ORIGINS]
    texts = Origin(
        f"which text, from persona {simulated_from.personas + 1:,} on",
        "simulated: narrowed to a handful by --collapse",
        "-",
    )
    return [*_ORIGINS, texts]
