"""How many distinct ids there were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.facts import DistinctCount
from otel_persona.facts.distinct_count import KEPT_HASHES


def seen(ids: range) -> DistinctCount:
    """See the ids of a range, each twice."""
    count = DistinctCount()
    for number in [*ids, *ids]:
        count.add(f"p-{number}")
    return count


@given(ids=st.lists(st.text(max_size=3), max_size=60))
def test_few_ids_are_counted_exactly(ids: list[str]) -> None:
    """Small cohorts say how many personas they had, not about how many."""
    count = DistinctCount()
    for each in ids:
        count.add(each)
    assert count.estimate() == len(set(ids))
    assert count.relative_error == 0


@pytest.mark.parametrize("personas", [KEPT_HASHES, KEPT_HASHES + 1, 20_000, 100_000])
def test_many_ids_are_estimated_within_the_error(personas: int) -> None:
    """The estimate lies within three of the standard errors that it states."""
    count = seen(range(personas))
    allowed = 3 * count.relative_error * personas
    assert (count.relative_error == 0) == (personas <= KEPT_HASHES)
    assert abs(count.estimate() - personas) <= allowed


def test_any_split_is_the_whole() -> None:
    """Workers that share personas count each once."""
    left, right, whole = seen(range(9_000)), seen(range(5_000, 14_000)), seen(range(14_000))
    left.merge(right)
    assert left.kept() == whole.kept()
    assert left.estimate() == whole.estimate()
    assert DistinctCount.of_hashes(set(left.kept())).estimate() == whole.estimate()
