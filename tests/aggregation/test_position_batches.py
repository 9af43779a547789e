"""Batches by position in the stream: ``personas:N`` and ``attempts:N``."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from copy import copy
from multiprocessing import get_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.aggregation import Aggregator, BatchSummary
from otel_persona.records import AttemptRecord
from otel_persona.settings import Settings

Make = Callable[..., AttemptRecord]


def batches_of(aggregator: Aggregator, records: list[AttemptRecord]) -> list[BatchSummary]:
    """Feed ``records`` and give every batch."""
    closed = [summary for record in records for summary in aggregator.add(record)]
    return closed + aggregator.finish()


def sizes(policy: str, make_record: Make, ids: str) -> list[tuple[int, int, bool]]:
    """Give (attempts, personas, complete) of the batches of personas named by one letter each."""
    records = [make_record(persona_id=name) for name in ids]
    summaries = batches_of(Aggregator(Settings(batch=policy)), records)
    return [(summary.batch_size, summary.personas, summary.complete) for summary in summaries]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ("", []),
        ("a", [(1, 1, False)]),
        ("ab", [(2, 2, True)]),
        ("aabb", [(4, 2, True)]),
        ("abac", [(3, 2, True), (1, 1, False)]),
        ("abcd", [(2, 2, True), (2, 2, True)]),
        # A persona that comes back later counts in both batches.
        ("abca", [(2, 2, True), (2, 2, True)]),
    ],
)
def test_personas(ids: str, expected: list[tuple[int, int, bool]], make_record: Make) -> None:
    """A batch closes when a persona too many appears, and is partial with too few at the end."""
    assert sizes("personas:2", make_record, ids) == expected


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ("", []),
        ("a", [(1, 1, False)]),
        ("aa", [(2, 1, True)]),
        ("aaa", [(2, 1, True), (1, 1, False)]),
    ],
)
def test_attempts(ids: str, expected: list[tuple[int, int, bool]], make_record: Make) -> None:
    """A batch closes with its last attempt, whoever's it is."""
    assert sizes("attempts:2", make_record, ids) == expected


def test_a_batch_of_attempts_is_given_at_once(make_record: Make) -> None:
    """The summary comes with the attempt that filled the batch, not with the next one."""
    aggregator = Aggregator(Settings(batch="attempts:2"))
    assert aggregator.add(make_record()) == []
    assert [summary.index for summary in aggregator.add(make_record())] == [0]


@given(st.integers(1, 5), st.lists(st.sampled_from("abcdefgh"), max_size=40))
def test_personas_by_hand(make_record: Make, size: int, ids: list[str]) -> None:
    """Any stream is cut as by the definition: N distinct personas in order of appearance."""
    expected: list[list[str]] = []
    for name in ids:
        if not expected or len({*expected[-1], name}) > size:
            expected.append([])
        expected[-1].append(name)
    aggregator = Aggregator(Settings(batch=f"personas:{size}"))
    found = batches_of(aggregator, [make_record(persona_id=name) for name in ids])
    assert [(s.index, s.batch_size, s.personas) for s in found] == [
        (index, len(batch), len(set(batch))) for index, batch in enumerate(expected)
    ]
    assert all(summary.key is None for summary in found)


def test_attempts_after_a_flush_start_a_new_batch(make_record: Make) -> None:
    """A live flush closes what is open; the stream goes on with the next index."""
    aggregator = Aggregator(Settings(batch="personas:2"))
    aggregator.add(make_record(persona_id="a"))
    (partial,) = aggregator.finish()
    assert aggregator.finish() == []
    aggregator.add(make_record(persona_id="a"))
    aggregator.add(make_record(persona_id="b"))
    (whole,) = aggregator.finish()
    assert (partial.index, partial.complete) == (0, False)
    assert (whole.index, whole.complete, whole.personas) == (1, True, 2)
    assert aggregator.tier_summary().total_attempts == 3


@pytest.mark.parametrize("policy", ["personas:3", "attempts:3", "sequence:3", "prefix", "time:1s"])
def test_an_aggregator_goes_on_in_another_process(policy: str, make_record: Make) -> None:
    """Handed to a worker in the middle of a batch and back, it gives what it would have given."""
    records = [make_record(persona_id=str(number // 2)) for number in range(17)]
    whole = Aggregator(Settings(batch=policy))
    expected = batches_of(whole, records)
    first = Aggregator(Settings(batch=policy))
    closed = [summary for record in records[:7] for summary in first.add(record)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as worker:
        second = worker.submit(copy, first).result()
    assert closed + batches_of(second, records[7:]) == expected
    assert second.tier_summary() == whole.tier_summary()
