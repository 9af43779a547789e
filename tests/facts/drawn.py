"""Attempts for the facts of cohorts."""

from __future__ import annotations

import random

from otel_persona.facts import CohortState
from otel_persona.records import AttemptRecord, format_timestamp

_START = 1_769_866_321_234_000
_MOVES = ("situational_hook", "contrast", "value", "micro_story")


def drawn_attempt(rng: random.Random, number: int) -> AttemptRecord:
    """Draw one attempt whose numbers are many and whose names are few."""
    return AttemptRecord(
        ts=format_timestamp(_START + number * 700_000),
        run_id="25K_20260131_143200",
        persona_id=f"p-{number // 2}",
        stage="B",
        attempt=1 + number % 2,
        status=rng.choice(("success", "success", "success", "repair", "fail")),
        latency_ms=int(rng.lognormvariate(7, 0.8)),
        prompt_tokens=rng.randint(0, 900),
        completion_tokens=rng.randint(0, 900),
        repairs=rng.choice(([], [], ["trait_leak"], ["trait_leak", "too_positive"])),
        validator_scores={"pollyanna": rng.random(), "trait_leak": float(rng.random() < 0.1)},
        opening_move=rng.choice((None, *_MOVES)),
        constraint_categories=["budget", rng.choice(("commute_burden", "family_duty"))],
        anchors_used=[f"anchor {rng.randint(0, 119)}", "zacuscă"],
        error=None,
        model=rng.choice((None, "large")),
    )


def drawn_attempts(count: int, seed: int = 1) -> list[AttemptRecord]:
    """Draw attempts, the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - a reproducible sample, no secret
    return [drawn_attempt(rng, number) for number in range(count)]


def folded(attempts: list[AttemptRecord]) -> CohortState:
    """Fold attempts in their order."""
    state = CohortState()
    for attempt in attempts:
        state.add(attempt)
    return state
