"""Concrete details that a text names: ages, names, occupations, places, things people do or use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_persona.demo.validators.wording import sentences, words

_NAME = re.compile(r"\b(?:I am|I'm|I’m|name is) ([A-Z][a-z]+),")
_AGE = re.compile(r"\b(\d{2})[- ]year[- ]old\b|\b(?:I am|I'm|I’m|aged) (\d{2})\b")
_DECADE = re.compile(
    r"\b(early|mid|late)[- ](teens|twenties|thirties|forties|fifties|sixties|seventies|eighties"
    r"|\d0s)\b",
    re.IGNORECASE,
)
_DECADES = {
    "twenties": "20s",
    "thirties": "30s",
    "forties": "40s",
    "fifties": "50s",
    "sixties": "60s",
    "seventies": "70s",
    "eighties": "80s",
}
# Things that a camera could see or a calendar could hold, not ideas, feelings or figures of speech.
_THINGS = """
accountant, actor, actress, administrator, analyst, architect, artist, barista, bookkeeper,
bus driver, businessman, businesswoman, carpenter, cashier, chef, clerk, coach, construction worker,
consultant, cook, counselor, designer, doctor, economist, editor, electrician, engineer,
entrepreneur, executive, farmer, historian, homemaker, janitor, journalist, lawyer, lecturer,
librarian, machinist, manager, mechanic, mentor, musician, nurse, painter, philosopher, physician,
plumber, poet, professor, programmer, salesman, scientist, secretary, supervisor, teacher,
technician, truck driver, tutor, waiter, waitress, writer

advanced degree, bachelor's degree, doctorate, GED, graduate school, high school,
high school diploma, inheritance, investments, master's degree, MBA, pension, PhD, savings,
scholarship, student loan

brother, children, colleague, daughter, dog, father, grandchildren, husband, mother, neighbor,
parent, pet, sister, son, spouse, wife

beach, bookstore, café, campus, church, city, classroom, coffee shop, community center,
countryside, factory, farm, garden, gym, hospital, kitchen, laboratory, lecture hall, library,
market, mountain, museum, neighborhood, office, park, pub, restaurant, suburb, technology sector,
theater, town, university, village, warehouse, workshop

bread, coffee, cooking, dinner, meal, recipe, tea, wine

birdwatching, board game, book club, camping, card game, chess, crochet, crossword, dancing,
documentaries, fishing, gardening, hiking, jogging, knitting, meditation, painting,
photography, poetry, pottery, reading, sewing, singing, sketching, traveling, volunteering, walking,
woodworking, yoga

book, bookshelf, calendar, camera, computer, diary, guitar, journal, laptop, movie, music,
newspaper, piano, planner, radio, spreadsheet, television, to-do list
"""
_LONGEST_WORDS = 3  # words in the name of a thing
_things = {
    name.lower() + ending: name
    for name in re.split(r"\s*,\s*|\s*\n\n\s*", _THINGS.strip())
    for ending in ("", "s", "es")
}
_first_words = frozenset(name.partition(" ")[0] for name in _things)


def find_anchors(text: str) -> list[str]:
    """List the concrete details of ``text``, each once, ordered by kind.

    Different spellings of one detail count as one: ``late forties`` and ``late 40s``.
    """
    found = [name.group(1) for name in _NAME.finditer(text)]
    found += [f"{age.group(1) or age.group(2)} years old" for age in _AGE.finditer(text)]
    found += [_decade(decade) for decade in _DECADE.finditer(text)]
    found += _find_things(words(text))
    return list(dict.fromkeys(found))


def anchor_specificity(text: str) -> float:
    """Return the share of the sentences of ``text`` that name at least one concrete detail."""
    all_sentences = sentences(text)
    if not all_sentences:
        return 0.0
    return sum(bool(find_anchors(sentence)) for sentence in all_sentences) / len(all_sentences)


def _decade(match: re.Match[str]) -> str:
    part, decade = match.group(1).lower(), match.group(2).lower()
    return f"{part} {_DECADES.get(decade, decade)}"


def _find_things(text: list[str]) -> Iterator[str]:
    """Yield the things that a text names; of overlapping names only the longest."""
    free_from = 0
    for start, word in enumerate(text):
        if word in _first_words and start >= free_from:
            for end in range(start + _LONGEST_WORDS, start, -1):
                thing = _things.get(" ".join(text[start:end]))
                if thing is not None:
                    yield thing
                    free_from = end
                    break
