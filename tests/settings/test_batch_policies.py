"""How a batch policy is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.settings import BatchPolicy, Settings


@pytest.mark.parametrize(
    ("text", "kind", "size", "is_keyed"),
    [
        ("personas:1000", "personas", 1000, False),
        ("attempts:1", "attempts", 1, False),
        ("sequence:1000", "sequence", 1000, True),
        ("prefix", "prefix", 0, True),
        ("time:60s", "time", 60, True),
        ("time:5m", "time", 300, True),
        ("time:2h", "time", 7200, True),
    ],
)
def test_forms_of_a_policy(text: str, kind: str, size: int, is_keyed: bool) -> None:
    """The contract's five, and minutes and hours beside seconds."""
    policy = BatchPolicy.parse(text)

    assert (policy.kind, policy.size, policy.is_keyed) == (kind, size, is_keyed)
    assert Settings(batch=text).batch_policy == policy


@given(
    st.one_of(
        st.builds(
            BatchPolicy,
            st.sampled_from(["personas", "attempts", "sequence"]),
            st.integers(1, 10**9 - 1),
        ),
        st.builds(BatchPolicy, st.just("time"), st.integers(1, 10**7 - 1)),
        st.just(BatchPolicy("prefix", 0)),
    )
)
def test_a_policy_is_written_as_it_is_read(policy: BatchPolicy) -> None:
    """``str`` and ``parse`` are each other's inverse."""
    assert BatchPolicy.parse(str(policy)) == policy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "personas",
        "personas:",
        "personas:0",
        "personas:-1",
        "personas:1.5",
        "personas:1e3",
        "personas: 10",
        "personas:10 ",
        " personas:10",
        "personas:١٠",
        "personas:10\n",
        "personas:10000000000",
        "Personas:10",
        "prefix:3",
        "time:60",
        "time:s",
        "time:0s",
        "time:60d",
        "time:1.5h",
        "sequence",
        "days:1",
    ],
)
def test_what_is_no_policy(text: str) -> None:
    """The error names the text and every form there is."""
    with pytest.raises(ValueError, match="personas:N, attempts:N, sequence:N, prefix or time:60s"):
        BatchPolicy.parse(text)
