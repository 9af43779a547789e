"""Timestamps: every form that a reader takes, and the one that is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.records import format_timestamp, is_naive, parse_timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001+00:00", 1),
        ("1969-12-31T23:59:59.999Z", -1_000),
        ("2026-01-31T14:32:01.234Z", 1_769_869_921_234_000),
        ("2026-01-31T14:32:01.234+00:00", 1_769_869_921_234_000),
        ("2026-01-31T16:32:01.234+02:00", 1_769_869_921_234_000),
        ("2026-01-31T09:02:01.234-05:30", 1_769_869_921_234_000),
        ("2026-01-31 14:32:01.234Z", 1_769_869_921_234_000),
        ("20260131T143201.234Z", 1_769_869_921_234_000),
        ("2026-01-31T14:32:01,234Z", 1_769_869_921_234_000),
        ("2026-01-31T14:32:01.234", 1_769_869_921_234_000),
        ("2026-W05-6T14:32:01.234Z", 1_769_869_921_234_000),
        ("2026-01-31T14:32Z", 1_769_869_920_000_000),
        ("2026-01-31", 1_769_817_600_000_000),
    ],
)
def test_forms_of_the_same_moment(ts: str, expected: int) -> None:
    """Any ISO 8601 form names its moment; a time without an offset is UTC."""
    assert parse_timestamp(ts) == expected


# A day from the ends of the calendar no offset leads out of it.
@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.timezones()))
def test_a_moment_is_counted_from_the_epoch(when: datetime) -> None:
    """Microseconds are exact, whatever the zone."""
    assert parse_timestamp(when.isoformat()) == (when - EPOCH) // timedelta(microseconds=1)


@given(st.datetimes())
def test_writing_cuts_to_the_millisecond(when: datetime) -> None:
    """UTC, three digits, ``Z``: never rounded into the next second."""
    written = format_timestamp(parse_timestamp(when.isoformat()))

    assert written == when.isoformat(timespec="milliseconds") + "Z"
    assert len(written) == 24


@given(st.lists(st.datetimes(), min_size=2, max_size=2))
def test_written_moments_sort_as_the_moments_do(both: list[datetime]) -> None:
    """Text that is compared gives the order of time."""
    first, second = sorted(both)

    assert format_timestamp(parse_timestamp(first.isoformat())) <= format_timestamp(
        parse_timestamp(second.isoformat())
    )


@pytest.mark.parametrize(
    ("ts", "naive"),
    [
        ("2026-01-31T14:32:01.234", True),
        ("2026-01-31", True),
        ("20260131T143201", True),
        ("2026-01-31T14:32:01Z", False),
        ("2026-01-31T14:32:01+00:00", False),
        ("2026-01-31T14:32:01-05:30", False),
    ],
)
def test_a_time_without_an_offset_is_naive(ts: str, naive: bool) -> None:
    """Only those are counted for which UTC is assumed."""
    assert is_naive(ts) is naive


@pytest.mark.parametrize("ts", ["", "now", "14:32:01", "1769869921", "2026-02-30T00:00:00Z"])
def test_what_is_no_time_is_refused(ts: str) -> None:
    """A text that names no moment raises."""
    with pytest.raises(ValueError, match=r"."):
        parse_timestamp(ts)


def test_an_offset_out_of_all_years_is_refused() -> None:
    """The first hours of the year 1 lie in the year 0 elsewhere."""
    with pytest.raises(OverflowError):
        parse_timestamp(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))).isoformat())
