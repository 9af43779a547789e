"""Names counted: exactly, and with a stated error where there are too many."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import example, given
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


@given(
    parts=st.lists(
        st.tuples(st.lists(st.sampled_from("abcdef"), max_size=12), st.integers(1, 3)),
        min_size=1,
        max_size=4,
    )
)
@example(parts=[(list("aab"), 1), (list("aab"), 1)])
@example(parts=[(list("aab"), 1), (list("aab"), 2), (list("aaaabb"), 3)])
def test_the_error_holds_however_often_names_were_left_out(
    parts: list[tuple[list[str], int]],
) -> None:
    """Files that each hold few names are merged, and what is made of them holds few again."""
    together = Categories()
    for names, most in parts:
        together.merge(counted(names).held_to(most))
        together = together.held_to(most)
    true = Counter(name for names, _ in parts for name in names)
    assert together.n == true.total()
    assert all(0 <= true[name] - together.counts.get(name, 0) <= together.error for name in true)
