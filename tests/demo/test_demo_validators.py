"""The validators do what they say on crafted sentences, and give sensible figures on real texts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from otel_persona.demo.sources import load_texts
from otel_persona.demo.validators import (
    RecentOpenings,
    anchor_specificity,
    find_anchors,
    opening_move,
    pollyanna,
    sentences,
    trait_leak,
    traits_named,
    words,
)

TEXTS = load_texts()


@pytest.mark.parametrize(
    ("sentence", "move"),
    [
        ("I am a retired woman who works, despite my age.", "contrast"),
        ("I am a 48-year-old man, yet I study.", "contrast"),
        ("I am Margaret, a 70-year-old retired teacher.", "name"),
        ("I am a 48-year-old woman who teaches.", "age"),
        ("I'm 48 and I live alone.", "age"),
        ("I am a retired woman in my late fifties.", "occupation"),
        ("I am a seasoned professor of history.", "occupation"),
        ("I am a young woman in my early twenties.", "life_stage"),
        ("I am a man in my late forties.", "life_stage"),
        ("I am a vibrant woman who once was a teacher.", "trait"),
        ("I am an intriguing mix of life experience and curiosity.", "trait"),
        ("My mind is a well-honed machine.", "other"),
        ("I am .", "other"),
        ("", "other"),
    ],
)
def test_an_opening_makes_one_move(sentence: str, move: str) -> None:
    """What the sentence tells first of the person decides, and a contrast beats all else."""
    assert opening_move(sentence) == move


def test_an_opening_that_was_just_used_has_no_variation() -> None:
    """The same sentence again is 0, one with no word in common is 1, half the words is between."""
    recent = RecentOpenings()
    assert recent.variation("I am a baker.") == 1.0
    recent.remember("I am a baker.")
    assert recent.variation("i AM a baker") == 0.0
    assert recent.variation("Mountains call me.") == 1.0
    assert recent.variation("I am a sailor.") == pytest.approx(1 - 3 / 5)


def test_only_recent_openings_count() -> None:
    """An opening may come back once enough others were used in between."""
    recent = RecentOpenings(window=2)
    for opening in ("one two", "three four", "five six"):
        recent.remember(opening)
    assert recent.variation("one two") == 1.0
    assert recent.variation("three four") == 0.0


def test_pollyanna_is_the_share_of_positive_words() -> None:
    """Three happy words and one unhappy one are 0.75; a text without either has no score."""
    assert pollyanna("Joyful, kind and grateful, but lonely.") == 0.75
    assert pollyanna("Lonely and afraid.") == 0.0
    assert pollyanna("Joyful and kind.") == 1.0
    assert pollyanna("The table has four legs.") is None


@pytest.mark.parametrize(
    "text", ["A gentleman, painting.", "problem-solving, thanks to fundamental work", "sadness? no"]
)
def test_words_of_another_meaning_are_not_counted(text: str) -> None:
    """Stems must not catch 'gentleman', 'painting', 'problem-solving' or 'thanks to'."""
    assert pollyanna(text) is None


def test_trait_leak_counts_the_traits_that_are_named() -> None:
    """A trait that shows is no leak; one that is called by its name is, once however often."""
    assert trait_leak("I plan every day with care and love a full room.") == 0.0
    leaking = "My high openness and openness to ideas, my low extraversion, my neurotic side."
    assert traits_named(leaking) == {"openness", "extraversion", "neuroticism"}
    assert trait_leak(leaking) == pytest.approx(3 / 7)
    assert traits_named("With low emotional and fluid intelligence, introverted, disagreeable") == {
        "emotional intelligence",
        "fluid intelligence",
        "extraversion",
        "agreeableness",
    }


def test_anchors_are_concrete_details_each_once() -> None:
    """Ages, decades, names, places and things are found; spellings of one detail are one."""
    text = (
        "I am Margaret, a 70-year-old retired teacher in my late sixties. I love books, my garden "
        "and the Garden. In my late 60s I still like board games and gardening."
    )
    assert find_anchors(text) == [
        "Margaret",
        "70 years old",
        "late 60s",
        "teacher",
        "book",
        "garden",
        "board game",
        "gardening",
    ]
    assert find_anchors("I value growth, harmony and meaningful connections.") == []


def test_the_longest_name_wins() -> None:
    """'High school diploma' is one anchor, not 'high school' and something."""
    assert find_anchors("With a high school diploma from high school.") == [
        "high school diploma",
        "high school",
    ]
    assert find_anchors("A high school") == ["high school"]


def test_anchor_specificity_is_the_share_of_concrete_sentences() -> None:
    """One sentence of four that names a thing is 0.25; no text at all is 0."""
    assert anchor_specificity("I grow. I thrive. I dream. I own a piano.") == 0.25
    assert anchor_specificity("") == 0.0


@given(st.text())
def test_any_text_has_scores_from_0_to_1(text: str) -> None:
    """No text, however odd, breaks a validator or leaves its range."""
    assert 0.0 <= trait_leak(text) <= 1.0
    assert 0.0 <= anchor_specificity(text) <= 1.0
    assert 0.0 <= (pollyanna(text) or 0.0) <= 1.0
    assert 0.0 <= RecentOpenings().variation(text) <= 1.0
    assert isinstance(opening_move(text), str)
    assert all(word == word.lower() for word in words(text))


@given(st.lists(st.from_regex(r"[A-Z][a-z]{1,8}( [a-z]{1,8}){0,5}[.!?]", fullmatch=True)))
def test_sentences_can_be_put_together_again(parts: list[str]) -> None:
    """Cutting loses nothing."""
    assert sentences(" ".join(parts)) == parts


def test_real_openings_spread_over_all_six_moves() -> None:
    """The moves tell the real texts apart: each is used, none by half, above the healthy line."""
    moves = Counter(opening_move(sentences(text)[0]) for text in TEXTS)
    assert set(moves) == {"contrast", "name", "age", "occupation", "life_stage", "trait"}
    assert max(moves.values()) < 250
    assert entropy(list(moves.values()), base=2) > 2.0


def test_real_texts_are_told_apart() -> None:
    """No validator is stuck: on the 500 texts each score spreads over a good part of its range."""
    for score in (pollyanna, trait_leak, anchor_specificity):
        values = sorted(score(text) or 0.0 for text in TEXTS)
        assert values[475] - values[25] > 0.3, score
    assert all(pollyanna(text) is not None for text in TEXTS)


def test_real_texts_are_mostly_healthy_in_positivity() -> None:
    """The mean lies in or near the healthy band of the specification, as honest lists give it."""
    mean = sum(pollyanna(text) or 0.0 for text in TEXTS) / len(TEXTS)
    assert 0.6 < mean < 0.75
