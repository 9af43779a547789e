"""Names counted: exactly, and with a stated error where there are too many."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from otel_persona.facts import Categories
from otel_persona.facts.categories import MOST_NAMES


def counted(names: list[str]) -> Categories:
    """Count names in their order."""
    categories = Categories()
    categories.add_all(names)
    return categories


@given(names=st.lists(st.text(max_size=3), max_size=40), cut=st.integers(0, 40))
def test_names_are_counted_exactly_however_they_are_split(names: list[str], cut: int) -> None:
    """Opening moves of two workers are those of one."""
    left, right = counted(names[:cut]), counted(names[cut:])
    right.merge(left)
    assert right.counts == dict(Counter(names))
    assert (right.other, right.error, right.n) == (0, 0, len(names))


def test_too_many_names_are_bounded_and_the_error_holds() -> None:
    """Free text as an anchor fills no memory, and no count is further off than is said."""
    rng = random.Random(2)  # noqa: S311 - a reproducible sample, no secret
    names = [f"once {number}" for number in range(3 * MOST_NAMES)] + ["often"] * 5_000
    names += [f"some {number % 300}" for number in range(9_000)]
    rng.shuffle(names)
    categories = counted(names)
    true = Counter(names)
    assert len(categories.counts) <= MOST_NAMES
    assert categories.n == len(names)
    assert categories.error > 0
    assert all(
        0 <= true[name] - categories.counts.get(name, 0) <= categories.error for name in true
    )
    assert categories.top(1)[0][0] == "often"


def test_a_file_holds_the_most_frequent() -> None:
    """What a sidecar leaves out is counted as other, with its error, and the original stays."""
    categories = counted(["a"] * 5 + ["b"] * 3 + ["c"] * 3 + ["d"])
    held = categories.held_to(2)
    assert (held.counts, held.other, held.error) == ({"a": 5, "b": 3}, 4, 3)
    assert len(categories.counts) == 4
