"""The JSON of facts: whole, stable, readable, and refused where it is damaged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_persona.errors import CohortError
from otel_persona.facts import (
    CohortKey,
    Facts,
    Fingerprints,
    cohort_figures,
    decode_facts,
    encode_facts,
    json_text,
)
from otel_persona.settings import Prices
from tests.facts.drawn import drawn_attempts, folded

WRITTEN = "2026-02-01T00:00:00.000Z"


def facts_of(count: int) -> Facts:
    """Make the facts of so many attempts."""
    state = folded(drawn_attempts(count))
    return Facts(
        key=CohortKey("B", "SYMBOL_SPECIFIC", "25K", "Nord"),
        run_id="25K_20260131_143200",
        ended_at=state.end,
        figures=dict(cohort_figures(state, Prices())),
        state=state,
        fingerprints=Fingerprints(git_commit="0" * 40, data_hash=f"{state.data_hash:032x}"),
    )


@pytest.mark.parametrize("count", [1, 200, 12_000])
def test_facts_come_back_whole(count: int) -> None:
    """A baseline read from its file is the one that was written, bit by bit."""
    facts = facts_of(count)
    text = json_text(encode_facts(facts, WRITTEN))
    read = decode_facts(text)
    assert read.state is not None
    assert (read.key, read.figures, read.fingerprints) == (
        facts.key,
        facts.figures,
        facts.fingerprints,
    )
    assert json_text(encode_facts(read, WRITTEN)) == text
    assert cohort_figures(read.state, Prices()) == facts.figures


def test_hand_made_figures_keep_their_types() -> None:
    """Ints stay ints, bools bools, text text, and null null."""
    figures = {
        "auc": 0.5,
        "folds": 5,
        "big": 2**53 + 1,
        "leak": False,
        "scheme": "purged",
        "x": None,
    }
    facts = Facts(
        key=CohortKey("R", "CROSS_SECTIONAL", "y"), run_id="r", ended_at=WRITTEN, figures=figures
    )
    read = decode_facts(json_text(encode_facts(facts, WRITTEN)))
    assert {name: (type(value), value) for name, value in read.figures.items()} == {
        name: (type(value), value) for name, value in figures.items()
    }
    assert read.state is None


def test_the_text_is_sorted_and_has_a_line_for_each_figure() -> None:
    """A person and a diff can read it."""
    text = json_text(encode_facts(facts_of(50), WRITTEN)).decode()
    plain = json.loads(text)
    assert list(plain) == sorted(plain)
    assert '\n    "repair_rate": ' in text
    assert text.endswith("}\n")
    assert "zacuscă" in text


def damaged(path: list[str | int], value: Any) -> bytes:
    """Write facts with one value changed."""
    plain = encode_facts(facts_of(20), WRITTEN)
    place: Any = plain
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(plain).encode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "JSON"),
        (b'{"schema_version": 1', "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "damaged"),
        (damaged(["schema_version"], 9), "schema_version 9"),
        (damaged(["view"], "SIDEWAYS"), "SIDEWAYS"),
        (damaged(["symbol"], None), "symbol"),
        (damaged(["metrics", "repair_rate"], [1]), "repair_rate"),
        (damaged(["state", "attempts"], -1), "attempts"),
        (damaged(["state", "personas", "hashes"], "@@@"), "damaged"),
        (damaged(["state", "personas", "hashes"], "AAAA"), "whole"),
        (damaged(["state", "scores", "pollyanna", "sum"], "one"), "power of two"),
        (damaged(["state", "scores", "pollyanna", "sum"], "1p-2000"), "finer than any number"),
        (damaged(["state", "scores", "pollyanna", "bits"], 16), "bits"),
        (damaged(["state", "scores", "pollyanna", "numbers"], [0.5]), "longer"),
        (damaged(["state", "success_latencies", "numbers", 0], "5"), "a number"),
        (damaged(["state", "repairs", "other"], None), "other"),
        (damaged(["state", "blocks", "attempts"], []), "shorter"),
        (damaged(["state", "anchors", "counts", "zacuscă"], -4), "zacuscă"),
        (damaged(["state", "blocks", "exponent"], 99), "exponent"),
        (damaged(["state", "data_hash"], "xyz"), "data_hash"),
    ],
)
def test_damaged_facts_are_refused_with_their_place(text: bytes, told: str) -> None:
    """A damaged file is named, with what is wrong in it, and never half read."""
    with pytest.raises(CohortError, match=told):
        decode_facts(text)


def test_keys_of_a_later_version_are_ignored() -> None:
    """A newer writer may add a key without breaking older readers."""
    assert decode_facts(damaged(["added_later"], 1)).run_id == "25K_20260131_143200"
