"""Names are data: none leaves the tree, hides in it, or is taken for something of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona import CohortError
from otel_persona.cohorts import CohortTree
from otel_persona.cohorts.names import MOST_BYTES, decode_name, encode_name
from otel_persona.facts import CohortKey

_TROUBLE = "./~%:=_-+@ \\\0\n"
# Whatever UTF-8 can carry, and often what paths and our own names are made of.
_TEXTS = st.text(
    st.one_of(st.sampled_from(_TROUBLE), st.characters(exclude_categories=("Cs",))),
    min_size=1,
    max_size=16,
)
_OURS = st.builds(
    "{}{}".format,
    st.sampled_from(
        ["cohort=", "symbol=", "telemetry_", "metrics_", "good_runs", ".", "..", "../"]
    ),
    st.text(max_size=4, alphabet=st.characters(exclude_categories=("Cs",))),
)
NAMES = st.one_of(_TEXTS, _OURS)


@given(NAMES)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    """What stands in a path tells the name, whatever it is."""
    assert decode_name(encode_name(name)) == name


@given(NAMES, NAMES)
def test_two_names_are_two_folders(one: str, other: str) -> None:
    """No two names share a folder, or the figures of one would take the place of the other's."""
    assert (encode_name(one) == encode_name(other)) == (one == other)


@given(NAMES)
def test_no_name_leaves_the_tree_or_hides_in_it(name: str) -> None:
    """A name is one part of a path, plain to see, and never like one that this package gives."""
    encoded = encode_name(name)

    assert Path("/tree", encoded).parent == Path("/tree")
    assert not encoded.startswith(
        (".", "cohort=", "symbol=", "telemetry_", "metrics_", "good_runs")
    )
    assert set(encoded) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+@%"
    )


@given(stage=NAMES, target=NAMES, symbol=NAMES, run_id=NAMES)
def test_stage_target_symbol_and_run_alike(
    stage: str, target: str, symbol: str, run_id: str
) -> None:
    """A cohort's folder lies where the tree looks for it, and nowhere else."""
    tree = CohortTree("/tree")
    folder = tree.cohort(CohortKey(stage, "SYMBOL_SPECIFIC", target, symbol), run_id).folder

    parts = folder.relative_to("/tree").parts
    assert len(parts) == 5
    assert ".." not in parts
    assert decode_name(parts[0]) == stage
    assert parts[1] == "SYMBOL_SPECIFIC"
    assert decode_name(parts[2]) == target
    assert decode_name(parts[3].removeprefix("symbol=")) == symbol
    assert decode_name(parts[4].removeprefix("cohort=sy_")) == run_id


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("y_will_swing_high_60m_0.05", "y_will_swing_high_60m_0.05"),
        ("../../etc", "%2E.%2F..%2Fetc"),
        ("a/b", "a%2Fb"),
        ("a:b", "a%3Ab"),
        ("telemetry_x", "%74elemetry_x"),
        ("metrics_x", "%6Detrics_x"),
        (".hidden", "%2Ehidden"),
        ("cohort=x", "%63ohort%3Dx"),
        ("symbol=x", "%73ymbol%3Dx"),
        ("~", "%7E"),
        ("%41", "%2541"),
        ("🙂", "%F0%9F%99%82"),
        ("Bălți", "B%C4%83l%C8%9Bi"),
        ("2025-12-14_12:00+02", "2025-12-14_12%3A00+02"),
    ],
)
def test_how_names_are_written(name: str, encoded: str) -> None:
    """What stands on disks already must stay readable."""
    assert encode_name(name) == encoded


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "a target is empty; no folder can be called so"),
        (
            "x" * 300,
            f"the target '{'x' * 40}\\u2026' takes 300 bytes in a path, and the most is 200",
        ),
        (
            "🙂" * 20,
            f"the target {'🙂' * 20!a} takes 240 bytes in a path, and the most is 200",
        ),
        ("\ud800", "the target '\\ud800' holds a character that UTF-8 cannot carry"),
    ],
    ids=["empty", "300 characters", "20 emojis", "a lone surrogate"],
)
def test_names_that_no_path_can_hold(name: str, told: str) -> None:
    """They are refused in a sentence that says what is wrong and what would be right."""
    with pytest.raises(CohortError) as caught:
        encode_name(name, what="target")
    assert str(caught.value) == told
    assert encode_name("x" * MOST_BYTES)


@pytest.mark.parametrize(
    "part", ["a b", "%2e", "~", "%41", "", "..", "%FF", "%", "cohort=x", "x" * 201]
)
def test_folders_of_others_are_not_taken_for_ours(part: str) -> None:
    """A second spelling of a name would be a second place for the same cohort."""
    with pytest.raises(CohortError):
        decode_name(part)
