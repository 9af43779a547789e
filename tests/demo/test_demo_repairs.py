"""Repairs work with what a text has: they move, drop or pick sentences and invent nothing."""

from __future__ import annotations

from otel_persona.demo.repairs import (
    OPENING_VARIATION_LIMIT,
    POLLYANNA_LIMIT,
    TRAIT_LEAK_LIMIT,
    repair_background,
    shorten,
)
from otel_persona.demo.sources import load_texts
from otel_persona.demo.validators import (
    RecentOpenings,
    find_anchors,
    pollyanna,
    sentences,
    trait_leak,
)

HEALTHY = "I am a baker. The ovens are hard on my back. I love the early bread."


def test_a_healthy_text_stays_as_it_is() -> None:
    """Nothing is touched without a reason."""
    assert repair_background(HEALTHY, RecentOpenings()) == (HEALTHY, ())


def test_a_repeated_opening_is_replaced_by_another_sentence() -> None:
    """The old opening goes, and the sentence least like the recent openings comes first."""
    recent = RecentOpenings()
    recent.remember("I am a baker.")
    recent.remember("The ovens are cold.")
    text, kinds = repair_background(HEALTHY, recent)
    assert kinds == ("opening_repetition",)
    assert text == "I love the early bread. The ovens are hard on my back."


def test_a_text_that_is_too_positive_loses_its_happiest_sentence() -> None:
    """The sentence with the most positive words goes, the others stay in their order."""
    happy = "I am kind. Joy, love, zest and harmony fill me. My bread is good."
    text, kinds = repair_background(happy, RecentOpenings())
    assert kinds == ("too_positive",)
    assert text == "I am kind. My bread is good."


def test_a_text_that_names_every_trait_loses_the_sentence_that_names_most() -> None:
    """Six of the seven traits are kept as they are, all seven are not."""
    six = (
        "I am a baker with high openness. Conscientious and agreeable, extraverted, neurotic. "
        "My emotional intelligence is a struggle."
    )
    assert repair_background(six, RecentOpenings()).kinds == ()
    text, kinds = repair_background(f"{six} My fluid intelligence too.", RecentOpenings())
    assert kinds == ("trait_leak",)
    assert "extraverted" not in text


def test_a_single_sentence_is_never_repaired_away() -> None:
    """A text keeps at least one sentence, whatever is wrong with it."""
    recent = RecentOpenings()
    recent.remember("Joy and love.")
    assert repair_background("Joy and love.", recent) == ("Joy and love.", ())


def test_a_short_persona_names_something_concrete_where_the_text_does() -> None:
    """The first two sentences are it, unless they are all air and a later one is not."""
    assert shorten("I bake. I own a piano. I rest.") == ("I bake. I own a piano.", ())
    assert shorten("I grow. I thrive. I rest. I own a piano.") == (
        "I grow. I own a piano.",
        ("weak_anchors",),
    )
    assert shorten("I grow. I thrive. I rest.") == ("I grow. I thrive.", ())


def test_repairs_of_real_texts_only_use_their_own_sentences() -> None:
    """On all 500 texts: nothing made up, and each repair has its reason in the text."""
    recent = RecentOpenings()
    for original in load_texts():
        parts = sentences(original)
        text, kinds = repair_background(original, recent)
        assert set(sentences(text)) <= set(parts)
        assert len(sentences(text)) == len(parts) - len(kinds)
        repeated = recent.variation(parts[0]) < OPENING_VARIATION_LIMIT
        assert ("opening_repetition" in kinds) == repeated
        if not repeated:
            assert ("too_positive" in kinds) == ((pollyanna(original) or 0.0) > POLLYANNA_LIMIT)
        if not kinds:
            assert trait_leak(original) <= TRAIT_LEAK_LIMIT
        short = shorten(text)
        assert set(sentences(short.text)) <= set(sentences(text))
        assert bool(find_anchors(short.text)) == bool(find_anchors(text))
        recent.remember(parts[0])
