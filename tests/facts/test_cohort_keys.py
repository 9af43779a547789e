"""The key of a cohort: which keys there are, and how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.errors import UsageError
from otel_persona.facts import CohortKey

TEXTS = st.text(min_size=1, max_size=8, alphabet="ab:%3A/")


def test_keys_are_written_as_specified() -> None:
    """Scripts find a baseline under the specification's own two examples."""
    target = "y_will_swing_high_60m_0.05"
    cross = CohortKey("TARGET_RANKING", "CROSS_SECTIONAL", target)
    symbol = CohortKey("TARGET_RANKING", "SYMBOL_SPECIFIC", target, "AAPL")
    assert str(cross) == "TARGET_RANKING:CROSS_SECTIONAL:y_will_swing_high_60m_0.05"
    assert str(symbol) == "TARGET_RANKING:SYMBOL_SPECIFIC:y_will_swing_high_60m_0.05:AAPL"


@given(left=st.tuples(TEXTS, TEXTS, TEXTS), right=st.tuples(TEXTS, TEXTS, TEXTS))
def test_a_colon_in_a_name_cannot_make_two_keys_one(
    left: tuple[str, str, str], right: tuple[str, str, str]
) -> None:
    """Text is the same only if every part is, whatever colons and percent signs the parts hold."""
    keys = [CohortKey(a, "SYMBOL_SPECIFIC", b, c) for a, b, c in (left, right)]
    assert (str(keys[0]) == str(keys[1])) == (left == right)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (("B", "SIDEWAYS", "25K"), "SIDEWAYS"),
        (("B", "CROSS_SECTIONAL", "25K", "AAPL"), "SYMBOL_SPECIFIC"),
        (("B", "SYMBOL_SPECIFIC", "25K"), "symbol"),
        (("B", "SYMBOL_SPECIFIC", "25K", ""), "symbol"),
        (("", "CROSS_SECTIONAL", "25K"), "stage"),
        (("B", "CROSS_SECTIONAL", ""), "target"),
        (("B", "CROSS_SECTIONAL", 7), "target"),
    ],
)
def test_a_key_that_is_no_cohort_is_refused(parts: tuple[str, ...], told: str) -> None:
    """What belongs to no view, or has no name, never becomes a folder."""
    with pytest.raises(UsageError, match=told):
        CohortKey(*parts)  # type: ignore[arg-type]  # the point of the test
