"""Batches by a key of the record: ``sequence``, ``prefix``, ``time``, whole logs and live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.aggregation import Aggregator, BatchSummary
from otel_persona.errors import RecordError
from otel_persona.records import AttemptRecord, parse_timestamp
from otel_persona.settings import Settings

Make = Callable[..., AttemptRecord]


def batches_of(
    policy: str, records: list[AttemptRecord], open_batches: int | None = None
) -> list[BatchSummary]:
    """Feed ``records`` and give every batch."""
    aggregator = Aggregator(Settings(batch=policy), open_batches=open_batches)
    closed = [summary for record in records for summary in aggregator.add(record)]
    return closed + aggregator.finish()


def named(summaries: list[BatchSummary]) -> list[tuple[str | None, int, bool]]:
    """Give (key, attempts, complete) of each batch."""
    return [(summary.key, summary.batch_size, summary.complete) for summary in summaries]


def by_id(make_record: Make, *ids: str) -> list[AttemptRecord]:
    """Make an attempt for each persona id."""
    return [make_record(persona_id=name) for name in ids]


def by_second(make_record: Make, *seconds: int) -> list[AttemptRecord]:
    """Make an attempt at each second of one hour."""
    return [make_record(ts=f"2026-01-31T14:{s // 60:02}:{s % 60:02}.000Z") for s in seconds]


def test_sequence_orders_by_number(make_record: Make) -> None:
    """The id over N is the batch, in the order of numbers, not of texts or of arrival."""
    records = by_id(make_record, "101", "7", "20", "-1", "100", "21", "9")
    assert named(batches_of("sequence:10", records)) == [
        ("-1", 1, True),
        ("0", 2, True),
        ("2", 2, True),
        ("10", 2, False),
    ]


@pytest.mark.parametrize(("last", "complete"), [("23", True), ("22", False)])
def test_the_last_sequence_is_complete_with_all_its_personas(
    last: str, complete: bool, make_record: Make
) -> None:
    """Only the last batch may be partial: when it lacks personas, not when others do."""
    records = by_id(make_record, "1", "20", "21", "22", last)
    assert named(batches_of("sequence:4", records)) == [("0", 1, True), ("5", 4, complete)]


def test_prefix_is_the_id_up_to_its_first_dash(make_record: Make) -> None:
    """Batches of one prefix follow the time they began; none is partial."""
    times = {"b-1": "14:00:03", "a-1": "14:00:02", "b-2-x": "14:00:01", "alone": "14:00:02"}
    records = [
        make_record(persona_id=name, ts=f"2026-01-31T{time}.000Z") for name, time in times.items()
    ]
    assert named(batches_of("prefix", records)) == [
        ("b", 2, True),
        ("a", 1, True),
        ("alone", 1, True),
    ]


def test_time_windows_start_with_the_epoch(make_record: Make) -> None:
    """A window is whole minutes of UTC, whatever the zone of the text; the last one is partial."""
    times = ["14:00:59.999Z", "14:01:00.000Z", "16:01:30.000+02:00", "14:03:00.000Z"]
    records = [make_record(ts=f"2026-01-31T{time}") for time in times]
    first = parse_timestamp("2026-01-31T14:00:00Z") // 60_000_000
    assert named(batches_of("time:60s", records)) == [
        (str(first), 1, True),
        (str(first + 1), 2, True),
        (str(first + 3), 1, False),
    ]


def test_a_window_before_the_first_year_is_no_problem(make_record: Make) -> None:
    """The zero time of other languages falls into a window that begins before any calendar."""
    (summary,) = batches_of("time:7h", [make_record(ts="0001-01-01T00:00:00Z")])
    assert summary.start == "0001-01-01T00:00:00.000Z"


@pytest.mark.parametrize("name", ["abc", "", "1.5", "1_000", " 7", "--1", "²", "٣", "9" * 5000])
def test_an_id_without_a_number_is_refused(name: str, make_record: Make) -> None:
    """A record that ``sequence`` cannot place is an error that says why, and leaves no trace."""
    aggregator = Aggregator(Settings(batch="sequence:1000"))
    with pytest.raises(RecordError, match="not a whole number, which sequence:1000 needs") as error:
        aggregator.add(make_record(persona_id=name))
    assert len(error.value.reason) < 130
    assert aggregator.finish() == []


def test_the_reason_names_the_id(make_record: Make) -> None:
    """The sentence is the one that a reader of the log sees."""
    with pytest.raises(RecordError) as error:
        batches_of("sequence:1000", by_id(make_record, "abc"))
    assert error.value.reason == "persona_id 'abc' is not a whole number, which sequence:1000 needs"


@given(st.integers(1, 7), st.lists(st.integers(-30, 30), max_size=30))
def test_sequence_by_hand(make_record: Make, size: int, ids: list[int]) -> None:
    """Any stream falls into the batches of its definition."""
    expected: dict[int, set[int]] = defaultdict(set)
    for number in ids:
        expected[number // size].add(number)
    found = batches_of(f"sequence:{size}", by_id(make_record, *map(str, ids)))
    assert [(summary.index, summary.key, summary.personas) for summary in found] == [
        (index, str(key), len(expected[key])) for index, key in enumerate(sorted(expected))
    ]


def test_live_the_least_recently_touched_batch_closes(make_record: Make) -> None:
    """With two open batches a third closes the one that was left alone longest."""
    aggregator = Aggregator(Settings(batch="prefix"), open_batches=2)
    closed = [
        [summary.key for summary in aggregator.add(record)]
        for record in by_id(make_record, "a-1", "b-1", "a-2", "c-1", "a-3", "d-1")
    ]
    assert closed == [[], [], [], ["b"], [], ["c"]]
    assert sorted(str(summary.key) for summary in aggregator.finish()) == ["a", "d"]


@pytest.mark.parametrize(
    ("policy", "ids", "closes_at"),
    [
        ("sequence:10", range(40), {19: "0", 29: "1", 39: "2"}),
        ("sequence:10", [*range(9), *range(10, 40)], {28: "0", 29: "1", 38: "2"}),
        ("sequence:10", [*range(0, 20, 2), *range(1, 20, 2)] * 3, {}),
    ],
    ids=["in order", "one persona is missing", "two blocks at once, three stages each"],
)
def test_live_a_full_sequence_closes_when_the_stream_has_gone_on(
    policy: str, ids: Iterable[int], closes_at: dict[int, str], make_record: Make
) -> None:
    """Figures come soon after a block is complete, and never before its last attempts."""
    aggregator = Aggregator(Settings(batch=policy), open_batches=8)
    records = by_id(make_record, *map(str, ids))
    closed = {
        index: summary.key
        for index, record in enumerate(records)
        for summary in aggregator.add(record)
    }
    assert closed == closes_at


def test_live_a_window_closes_when_the_one_after_it_is_over(make_record: Make) -> None:
    """Attempts may come a window late; the figures do not wait for eight windows."""
    aggregator = Aggregator(Settings(batch="time:60s"), open_batches=8)
    window = parse_timestamp("2026-01-31T14:00:00Z") // 60_000_000
    closed = [
        [summary.key for summary in aggregator.add(record)]
        for record in by_second(make_record, 0, 60, 59, 119, 120, 130, 180)
    ]
    assert closed == [[], [], [], [], [str(window)], [], [str(window + 1)]]


def test_live_late_attempts_open_a_further_part(make_record: Make) -> None:
    """Attempts of a closed window are kept in a batch of their own, which bends no trend."""
    records = by_second(make_record, 0, 60, 1, 120, 180)
    window = parse_timestamp("2026-01-31T14:00:00Z") // 60_000_000
    assert named(batches_of("time:60s", records, open_batches=1)) == [
        (str(window), 1, True),
        (str(window + 1), 1, True),
        (str(window), 1, False),
        (str(window + 2), 1, True),
        (str(window + 3), 1, False),
    ]


def test_live_all_that_is_late_is_partial(make_record: Make) -> None:
    """A late window does not make the next late one look as if it were in order."""
    found = batches_of("time:60s", by_second(make_record, 120, 0, 60, 180, 240), open_batches=1)
    assert [summary.complete for summary in found] == [True, False, False, True, False]


def test_the_last_window_is_partial_however_many_personas_it_has(make_record: Make) -> None:
    """Seconds are not personas: a last window of two seconds with three personas may go on."""
    found = batches_of("time:2s", by_id(make_record, "a", "b", "c"))
    assert [(summary.personas, summary.complete) for summary in found] == [(3, False)]


def test_live_in_order_is_as_the_whole_log(make_record: Make) -> None:
    """A stream in order gives the same batches live and from the log."""
    windows = by_second(make_record, *range(0, 600, 7))
    numbers = by_id(make_record, *(str(number) for number in range(95)))
    for policy, records in (("time:60s", windows), ("sequence:10", numbers)):
        live = batches_of(policy, records, open_batches=2)
        assert live == batches_of(policy, records)
        assert [summary.complete for summary in live] == [True] * 9 + [False]


def test_live_a_late_part_with_all_its_personas_is_complete(make_record: Make) -> None:
    """Workers may take blocks of numbers in any order; a full block counts."""
    ids = [*range(10, 20), *range(10)]
    found = batches_of("sequence:10", by_id(make_record, *map(str, ids)), open_batches=1)
    assert named(found) == [("1", 10, True), ("0", 10, True)]


def test_after_a_flush_the_rest_of_a_window_is_partial(make_record: Make) -> None:
    """A window that a flush cut in two is partial in both parts."""
    aggregator = Aggregator(Settings(batch="time:60s"), open_batches=2)
    found = []
    for record in by_second(make_record, 0, 1):
        found += aggregator.add(record) + aggregator.finish()
    assert [(summary.index, summary.complete) for summary in found] == [(0, False), (1, False)]
