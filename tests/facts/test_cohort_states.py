"""The state of a cohort: merging, size, and what its hash means."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.errors import RecordError
from otel_persona.facts import (
    CohortKey,
    CohortState,
    Facts,
    cohort_figures,
    encode_facts,
    encode_state,
    json_text,
)
from otel_persona.facts.cohort_state import SCORE_STEPS
from otel_persona.facts.state_codec import read_state, write_state
from otel_persona.settings import Prices
from tests.facts.drawn import drawn_attempts, folded


@given(count=st.integers(1, 30), seed=st.integers(0, 50), parts=st.integers(1, 4))
def test_any_split_in_any_order_is_the_whole(count: int, seed: int, parts: int) -> None:
    """The tree of a run is the same whether one process made it or many, to the byte."""
    attempts = drawn_attempts(count, seed)
    whole = folded(attempts)
    random.Random(seed).shuffle(attempts)  # noqa: S311 - a reproducible order, no secret
    total = CohortState()
    for part in range(parts):
        total.merge(folded(attempts[part::parts]))
    assert json_text(encode_state(total)) == json_text(encode_state(whole))
    assert cohort_figures(total, Prices()) == cohort_figures(whole, Prices())


def test_large_parts_merge_to_the_whole() -> None:
    """So it is where numbers are cut, ids estimated and blocks widened."""
    attempts = drawn_attempts(12_000)
    whole = folded(attempts)
    total = CohortState()
    for part in range(3):
        total.merge(folded(attempts[part::3]))
    assert whole.scores["pollyanna"].bits is not None
    assert encode_state(total) == encode_state(whole)


def test_merging_changes_only_the_one_merged_into() -> None:
    """A part that is written again after it was merged is still that part."""
    left, right = folded(drawn_attempts(50, 1)), folded(drawn_attempts(50, 2))
    before = msgspec.json.encode(encode_state(right))
    left.merge(right)
    left.merge(folded(drawn_attempts(50, 3)))
    assert msgspec.json.encode(encode_state(right)) == before


def test_a_million_attempts_stay_under_a_megabyte() -> None:
    """A baseline stays small: nothing grows with the attempts once the sample is wide."""
    attempts = drawn_attempts(30_000, 7)
    for number, attempt in enumerate(attempts):
        attempt.anchors_used = [f"an anchor that occurs only once, {number}", "zacuscă"]
        attempt.validator_scores = {name: random.random() for name in "abcd"}  # noqa: S311
    state = folded(attempts)
    state.merge(state)  # a million attempts have no other counts, only larger ones
    facts = Facts(
        key=CohortKey("B", "CROSS_SECTIONAL", "1M"),
        run_id="1M_20260131_143200",
        ended_at=state.end,
        figures=dict(cohort_figures(state, Prices())),
        state=state,
    )
    assert len(json_text(encode_facts(facts, "2026-02-01T00:00:00.000Z"))) < 1_000_000


def test_the_hash_tells_what_was_generated() -> None:
    """Copies under another run's name have the same hash; another score, order or number not."""
    attempts = drawn_attempts(20)
    original = folded(attempts).data_hash
    for attempt in attempts:
        attempt.run_id, attempt.ts, attempt.trace_id = "copy", "2027-01-01T00:00:00Z", "0" * 32
    assert folded(attempts[::-1]).data_hash == original
    assert folded(attempts[1:]).data_hash != original
    attempts[3].validator_scores["pollyanna"] += 0.001
    assert folded(attempts).data_hash != original


def test_a_score_that_is_no_number_folds_nothing() -> None:
    """An attempt counts wholly or not at all."""
    state, (attempt,) = CohortState(), drawn_attempts(1)
    attempt.validator_scores["pollyanna"] = float("nan")
    with pytest.raises(RecordError, match="finite"):
        state.add(attempt)
    assert state == CohortState()


def test_text_that_utf8_cannot_carry_still_counts() -> None:
    """A lone surrogate hashes as the line has it, so that live and log agree."""
    (attempt,) = drawn_attempts(1)
    attempt.error, attempt.persona_id = "bad \udc80", "p\udc80"
    replaced = msgspec.structs.replace(attempt, error="bad ?", persona_id="p?")
    assert folded([attempt]).data_hash == folded([replaced]).data_hash
    assert folded([attempt]).personas == folded([replaced]).personas


def test_the_largest_score_folds_too() -> None:
    """Whatever a line may hold can be folded: no record stops the building of a tree."""
    (attempt,) = drawn_attempts(1)
    attempt.validator_scores = {"a": 1.7e308, "b": -1.7e308, "c": 5e-324}
    state = folded([attempt, attempt])
    assert cohort_figures(state, Prices())["mean_validator_scores.a"] == 1.7e308
    assert read_state(write_state(state, names=1)).scores == state.scores


def test_attempts_are_repaired_or_not() -> None:
    """A rate of repairs that rises is a distribution that moves, whatever kinds they are of."""
    attempts = drawn_attempts(40)
    repaired = sum(bool(attempt.repairs) for attempt in attempts)
    names = folded(attempts).categorical_distributions()["repaired"]
    assert names.counts == {"repaired": repaired, "not repaired": 40 - repaired}


@pytest.mark.parametrize("part", ["target", "symbol", "model"])
def test_the_hash_tells_what_an_attempt_was_about_and_by_which_model(part: str) -> None:
    """The same figures of another target, symbol or model are no copy."""
    attempts = drawn_attempts(20)
    original = folded(attempts).data_hash
    setattr(attempts[3], part, "another")
    assert folded(attempts).data_hash != original


def test_blocks_of_time_sum_what_each_figure_is_made_of() -> None:
    """Under the figure's own name, and over the attempts that carry it: no failure, no unknown."""
    success, fail, unknown = attempts = drawn_attempts(3)
    for number, attempt in enumerate(attempts):
        attempt.ts, attempt.latency_ms = "2026-01-31T14:32:01.234Z", 10 ** (number + 1)
        attempt.status, attempt.repairs, attempt.validator_scores = "success", [], {}
        attempt.prompt_tokens, attempt.completion_tokens = 2, 5
    success.validator_scores = {"pollyanna": 0.5}
    fail.status, fail.repairs = "fail", ["trait_leak", "too_positive"]
    fail.validator_scores = {"pollyanna": 0.25, "tone": -1.0}
    unknown.prompt_tokens = unknown.completion_tokens = 0

    figures = folded(attempts).blocks.figures
    assert {
        name: (*sums.counts.values(), *sums.totals.values()) for name, sums in figures.items()
    } == {
        "success_rate": (3, 2),
        "repair_rate": (3, 1),
        "mean_latency_ms": (3, 1_110),
        "mean_latency_success_ms": (2, 1_010),
        "mean_prompt_tokens": (2, 4),
        "mean_completion_tokens": (2, 10),
        "mean_validator_scores.pollyanna": (2, 0.75 * SCORE_STEPS),
        "mean_validator_scores.tone": (1, -SCORE_STEPS),
    }


def test_the_blocks_figures_are_those_of_the_cohort() -> None:
    """Each name is that of a figure, so that each design effect has its mean beside it."""
    state = folded(drawn_attempts(50))
    assert state.blocks.figures.keys() <= cohort_figures(state, Prices()).keys()
