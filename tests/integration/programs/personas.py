"""What a user's module looks like: decorated code that succeeds, fails, and is repaired."""

from __future__ import annotations

import itertools
import time

import otel_persona as op

_STEP_NS = 137_000_000
_steps = itertools.count()
_start_ns = time.time_ns() - 600 * 1_000_000_000


def clock() -> int:
    """Let time pass without waiting: each look at the clock is 0.137 s after the last."""
    return _start_ns + next(_steps) * _STEP_NS


@op.attempt(stage="B")
def background(persona_id: str, number: int) -> str:
    """Succeed with all that can be recorded."""
    attempt = op.current_attempt()
    attempt.record_usage(prompt_tokens=450 + number, completion_tokens=320, model="llama2-70b")
    attempt.record_repair("trait_leak", "length", "trait_leak")
    attempt.record_scores({"pollyanna": 0.1 * (number % 10), "trait_leak": 0})
    attempt.record_opening_move("situational_hook")
    attempt.record_constraints("time_pressure", "„buget”")
    attempt.record_anchors("piața din Cahul", "zacuscă", "茶 🍵")
    return f"{persona_id} wakes before the market opens."


@op.attempt(stage="C", model="claude")
def conversation(persona_id: str, number: int) -> None:
    """End in another way for each number."""
    attempt = op.current_attempt()
    match number % 5:
        case 0:
            attempt.record_usage(prompt_tokens=7, completion_tokens=11)
            raise ValueError(f"no text for „{persona_id}”")
        case 1:
            raise TimeoutError("the model took 30 s")
        case 2:
            attempt.record_repair("wording")
            attempt.record_score("pollyanna", 1)
            attempt.set_status("repair")
        case 3:
            attempt.fail("refused by the model")
            attempt.record_opening_move("contrast")
        case 4:
            pass  # a success of which nothing is known


def generate(group: str, count: int) -> None:
    """Generate the personas of one group; half of them belong to a tier of their own."""
    for number in range(count):
        persona_id = f"{group}-{number}"
        tier = "100K" if number % 2 else None
        with op.persona(persona_id, tier=tier, target="dialogue", symbol="MD-Găgăuzia"):
            background(persona_id, number)
            try:
                conversation(persona_id, number)
            except (ValueError, TimeoutError):
                background(persona_id, number)
        op.log_attempt(_validated(persona_id, number))


def _validated(persona_id: str, number: int) -> dict[str, object]:
    return {
        "ts": "2026-01-31T14:32:01.234Z",
        "run_id": "25K_20260131",
        "persona_id": persona_id,
        "stage": "validation",
        "attempt": 1,
        "status": "fail" if number % 3 else "success",
        "latency_ms": 1250 + number,
        "prompt_tokens": 45,
        "completion_tokens": 2,
        "repairs": [],
        "validator_scores": {"readability": 0.25},
        "opening_move": None,
        "constraint_categories": [],
        "anchors_used": [],
        "error": "ValueError: not a persona" if number % 3 else None,
    }
