"""Parts of one log, aggregated apart and merged."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.aggregation import Aggregator
from otel_persona.errors import UsageError
from otel_persona.records import AttemptRecord
from otel_persona.settings import Settings

Make = Callable[..., AttemptRecord]


def everything(aggregator: Aggregator) -> bytes:
    """Give all figures as JSON."""
    batches = aggregator.finish()
    return msgspec.json.encode([batches, aggregator.tier_summary()])


@pytest.mark.parametrize("policy", ["sequence:5", "prefix", "time:60s"])
@given(data=st.data())
def test_any_split_merged_in_any_order_is_the_whole(
    policy: str, data: st.DataObject, records: st.SearchStrategy[AttemptRecord]
) -> None:
    """Every byte of every batch and of the tier is that of the whole log."""
    attempts = data.draw(st.lists(records, min_size=1, max_size=30))
    settings = Settings(batch=policy)
    whole = Aggregator(settings)
    parts = [Aggregator(settings) for _ in range(4)]
    for attempt in attempts:
        assert whole.add(attempt) == []
    for attempt in data.draw(st.permutations(attempts)):
        parts[data.draw(st.integers(0, 3))].add(attempt)
    first, *others = data.draw(st.permutations(parts))
    for other in others:
        first.merge(other)
    assert everything(first) == everything(whole)


def test_a_merged_part_stays_as_it_is(make_record: Make) -> None:
    """Attempts after a merge do not reach the part that was merged."""
    settings = Settings(batch="prefix")
    part, total = Aggregator(settings), Aggregator(settings)
    part.add(make_record())
    total.merge(part)
    total.add(make_record())
    assert [summary.batch_size for summary in part.finish()] == [1]
    assert [summary.batch_size for summary in total.finish()] == [2]


@pytest.mark.parametrize("policy", ["personas:2", "attempts:2"])
def test_positions_cannot_be_merged(policy: str) -> None:
    """A batch by position depends on what came before, so merging is refused with a way out."""
    aggregator = Aggregator(Settings(batch=policy))
    with pytest.raises(UsageError, match=r"position.*sequence:N, prefix and time:60s can"):
        aggregator.merge(Aggregator(Settings(batch=policy)))


def test_closed_batches_cannot_be_merged(make_record: Make) -> None:
    """After a batch was closed, or where batches close on their own, merging comes too late."""
    settings = Settings(batch="prefix")
    closed = Aggregator(settings)
    closed.add(make_record())
    closed.finish()
    for other in (closed, Aggregator(settings, open_batches=2)):
        with pytest.raises(UsageError, match="while all of their batches are open"):
            Aggregator(settings).merge(other)
        with pytest.raises(UsageError, match="while all of their batches are open"):
            other.merge(Aggregator(settings))


def test_other_settings_cannot_be_merged() -> None:
    """Batches of other sizes, or figures of other prices, are not parts of one whole."""
    with pytest.raises(UsageError, match="different settings"):
        Aggregator(Settings(batch="sequence:5")).merge(Aggregator(Settings(batch="sequence:6")))
