"""How a text opens: which of six moves its first sentence makes, and how new that sentence is.

The move is what the sentence says first about the person: a contrast, a name, an age, an
occupation, a stage of life, or a character trait. ``other`` is a sentence that does not introduce
the person at all.
"""

from __future__ import annotations

import re
from collections import deque

from otel_persona.demo.validators.wording import words

_CONTRAST = re.compile(
    r"\b(?:despite|yet|but|although|though|however|anything but|unlike|whereas|def(?:y|ies|ied)"
    r"|unusual(?:ly)?|unlikely|unexpected(?:ly)?|unconventional(?:ly)?|paradox\w*)\b",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(r"(?:I am|I'm|I’m) (?:(an?|the) )?(.+)", re.DOTALL)
_NAME = re.compile(r"[A-Z][a-z]+,")
_AGE = re.compile(r"(?:an? )?\d{2}(?:-year-old)?\b")
_END_OF_NOUN_PHRASE = re.compile(r",| (?:who|whose|with|in|of|at|on|for|by|from|and|[a-z]+ing)\b")
_OCCUPATIONS = """
academic accountant artist businessman businesswoman cashier doctor economist engineer entrepreneur
executive graduate homemaker leader learner librarian manager nurse professional professor
researcher retired retiree scholar scientist student teacher unemployed worker
"""
_LIFE_STAGES = """
young younger youthful middle-aged mid-forties mid-fifties older elderly adult mature man woman male
female gentleman lady
"""
_occupations = frozenset(_OCCUPATIONS.split())
_life_stages = frozenset(_LIFE_STAGES.split())


def opening_move(sentence: str) -> str:
    """Name the move that an opening sentence makes; see the module docstring for the moves."""
    if _CONTRAST.search(sentence):
        return "contrast"
    introduction = _INTRODUCTION.match(sentence)
    if introduction is None:
        return "other"
    article, rest = introduction.groups()
    if _NAME.match(rest) and not article:
        return "name"
    if _AGE.match(rest):
        return "age"
    described = words(_END_OF_NOUN_PHRASE.split(rest, maxsplit=1)[0])
    if not described:
        return "other"
    if _occupations.intersection(described):
        return "occupation"
    return "life_stage" if described[0] in _life_stages else "trait"


class RecentOpenings:
    """The openings of the last ``window`` texts, to score how much a new one differs from them."""

    def __init__(self, window: int = 30) -> None:
        self._recent: deque[frozenset[str]] = deque(maxlen=window)

    def variation(self, sentence: str) -> float:
        """Return 1 minus the largest share of words in common with a recent opening.

        The share is the Jaccard index: words in both over words in either. 1 means unlike all of
        them, 0 the same words as one of them.
        """
        opening = frozenset(words(sentence))
        return 1.0 - max((_overlap(opening, other) for other in self._recent), default=0.0)

    def remember(self, sentence: str) -> None:
        """Add ``sentence`` to the recent ones."""
        self._recent.append(frozenset(words(sentence)))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    either = one | other
    return len(one & other) / len(either) if either else 0.0
