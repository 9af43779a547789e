"""The state of a batch: merging it, and the figures made from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import copy
from multiprocessing import get_context

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.aggregation import Aggregator, BatchState, summarise_batch
from otel_persona.errors import RecordError
from otel_persona.records import AttemptRecord
from otel_persona.settings import Prices, Settings

PRICES = Prices(models={"large": 0.01})


def folded(records: Sequence[AttemptRecord]) -> BatchState:
    """Fold ``records`` in their order."""
    state = BatchState()
    for record in records:
        state.add(record)
    return state


def merged(*states: BatchState) -> BatchState:
    """Merge ``states`` in their order into a new one."""
    total = BatchState()
    for state in states:
        total.merge(state)
    return total


@given(data=st.data())
def test_any_split_in_any_order_is_the_whole(
    data: st.DataObject, records: st.SearchStrategy[AttemptRecord]
) -> None:
    """States of parts, cut and merged anyhow, equal the whole, and so does every byte of JSON."""
    attempts = data.draw(st.lists(records, min_size=1, max_size=20))
    parts: list[list[AttemptRecord]] = [[] for _ in range(4)]
    for attempt in data.draw(st.permutations(attempts)):
        parts[data.draw(st.integers(0, 3))].append(attempt)
    whole = folded(attempts)
    total = merged(*map(folded, parts))
    assert total == whole
    assert msgspec.json.encode(summarise_batch(total, PRICES)) == msgspec.json.encode(
        summarise_batch(whole, PRICES)
    )


@given(data=st.data())
def test_merging_commutes_and_associates(
    data: st.DataObject, records: st.SearchStrategy[AttemptRecord]
) -> None:
    """Merging is an addition, with the empty state as its zero."""
    a, b, c = (folded(data.draw(st.lists(records, max_size=5))) for _ in range(3))
    assert merged(a, b) == merged(b, a)
    assert merged(merged(a, b), c) == merged(a, merged(b, c))
    assert merged(a, BatchState()) == a == merged(BatchState(), a)


def test_a_merged_state_shares_nothing_with_its_parts(
    make_record: Callable[..., AttemptRecord],
) -> None:
    """Attempts that follow a merge do not leak into the other state."""
    scored = make_record(validator_scores={"pollyanna": 0.5}, repairs=["x"])
    part, total = folded([scored]), BatchState()
    total.merge(part)
    total.add(scored)
    assert part == folded([scored])


def test_states_differ_where_attempts_do(make_record: Callable[..., AttemptRecord]) -> None:
    """Equality sees every field that a figure is made from."""
    plain = folded([make_record()])
    for fields in (
        {"persona_id": "2"},
        {"ts": "2026-01-31T14:32:01.235Z"},
        {"status": "fail"},
        {"latency_ms": 1251},
        {"completion_tokens": 321},
        {"repairs": ["x"]},
        {"validator_scores": {"x": 0.0}},
        {"opening_move": "x"},
        {"anchors_used": ["x"]},
        {"model": "x"},
    ):
        assert folded([make_record(**fields)]) != plain, fields


def test_a_state_travels_between_processes(make_record: Callable[..., AttemptRecord]) -> None:
    """A state that went to a worker process and came back is the same state."""
    state = folded([make_record(validator_scores={"x": 5e-324}, anchors_used=["zacuscă"])])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as worker:
        assert worker.submit(copy, state).result() == state


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("policy", ["personas:5", "attempts:5", "prefix"])
def test_a_score_that_is_no_number_leaves_no_trace(
    policy: str, score: float, make_record: Callable[..., AttemptRecord]
) -> None:
    """A record that nobody has checked is refused whole, not folded in half."""
    aggregator = Aggregator(Settings(batch=policy))
    with pytest.raises(RecordError, match="finite"):
        aggregator.add(make_record(validator_scores={"good": 0.5, "bad": score}))
    assert aggregator.finish() == []


def test_an_empty_batch_has_no_figures() -> None:
    """A batch of nothing is refused rather than divided by zero."""
    with pytest.raises(ValueError, match="without attempts"):
        summarise_batch(BatchState(), PRICES)


def test_start_and_end_are_moments_not_texts(make_record: Callable[..., AttemptRecord]) -> None:
    """Times in other zones, without a zone or in other forms are compared and written in UTC."""
    times = [
        "2026-01-31T14:00:00.000Z",
        "2026-01-31T23:59:59.999+12:00",  # 11:59:59.999 in UTC, the first
        "2026-01-31 14:30:00.122987",
        "2026-01-31T14:30:00.1239",  # no zone: UTC, the last, and as long as a canonical time
        "2026-01-31T08:00:00-06:00",
        "20260131T141500Z",
        "2026-W05-6T12:00:00.000Z",
    ]
    summary = summarise_batch(folded([make_record(ts=ts) for ts in times]), PRICES)
    assert summary.start == "2026-01-31T11:59:59.999Z"
    assert summary.end == "2026-01-31T14:30:00.123Z"


def test_figures_with_nothing_behind_them_are_none(
    make_record: Callable[..., AttemptRecord],
) -> None:
    """No success, score, move or anchors: null, where zero would be a statement."""
    summary = summarise_batch(folded([make_record(status="fail")]), PRICES)
    assert summary.mean_latency_success_ms is None
    assert summary.p95_latency_success_ms is None
    assert summary.opening_move_entropy is None
    assert summary.anchors_rarefied_150 is None
    assert summary.mean_validator_scores == dict.fromkeys(
        ["trait_leak", "opening_variation", "pollyanna"]
    )
    assert (summary.success_rate, summary.repair_rate, summary.anchor_diversity) == (0, 0, 0)


def test_anchors_are_rarefied_to_150(make_record: Callable[..., AttemptRecord]) -> None:
    """From 150 anchors on there is a figure: all that are there, then those in 150 of them."""
    anchors = [f"a{number}" for number in range(150)]
    found = [
        summarise_batch(folded([make_record(anchors_used=used)]), PRICES).anchors_rarefied_150
        for used in (anchors[:149], anchors, [*anchors, "more"], anchors * 2)
    ]
    assert found == [None, 150, 150, pytest.approx(112.7, abs=0.1)]


def test_latencies_of_failures_stay_apart(make_record: Callable[..., AttemptRecord]) -> None:
    """A failed request's latency may be a placeholder; the figures of successes leave it out."""
    attempts = [make_record(latency_ms=100), make_record(latency_ms=200)]
    attempts.append(make_record(status="fail", latency_ms=0))
    attempts.append(make_record(status="repair", latency_ms=60_000))
    summary = summarise_batch(folded(attempts), PRICES)
    assert (summary.mean_latency_ms, summary.mean_latency_success_ms) == (15_075, 150)
    assert summary.p95_latency_success_ms == 195
    assert summary.p95_latency_ms > 50_000


def test_a_repair_does_not_change_the_status(make_record: Callable[..., AttemptRecord]) -> None:
    """A success with repairs is a success and repaired; every repair is in the breakdown."""
    attempts = [
        make_record(repairs=["b", "a", "a"]),
        make_record(repairs=["c", "b"], status="fail"),
        make_record(),
    ]
    summary = summarise_batch(folded(attempts), PRICES)
    assert (summary.success_rate, summary.repair_rate) == (2 / 3, 2 / 3)
    assert list(summary.repair_breakdown.items()) == [("a", 2), ("b", 2), ("c", 1)]


def test_scores_are_averaged_over_the_attempts_that_have_them(
    make_record: Callable[..., AttemptRecord],
) -> None:
    """A validator that ran on half of the attempts is not diluted by the other half."""
    attempts = [
        make_record(validator_scores={"pollyanna": 0.5, "zeal": 7.0}),
        make_record(validator_scores={"pollyanna": 0.7}),
        make_record(),
    ]
    scores = summarise_batch(folded(attempts), PRICES).mean_validator_scores
    assert scores == {
        "trait_leak": None,
        "opening_variation": None,
        "pollyanna": pytest.approx(0.6),
        "zeal": 7.0,
    }


def test_cost_is_the_specified_formula(make_record: Callable[..., AttemptRecord]) -> None:
    """With one price: ``total_tokens * 0.00045 / 1000``; a model of its own price is added."""
    attempts = [make_record(prompt_tokens=450, completion_tokens=320)] * 7
    summary = summarise_batch(folded(attempts), Prices())
    assert (summary.total_tokens, summary.cost_usd) == (5390, 5390 * 0.00045 / 1000)
    attempts.append(make_record(model="large", prompt_tokens=1000, completion_tokens=0))
    summary = summarise_batch(folded(attempts), PRICES)
    assert summary.cost_usd == pytest.approx(5390 * 0.00045 / 1000 + 0.01)
