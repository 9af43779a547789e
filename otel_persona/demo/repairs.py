"""What the pipeline does with a text that a validator objects to.

Each repair works with what the text itself has: it starts from another sentence, drops one, or
picks one. Nothing is made up.
"""

from __future__ import annotations

from typing import NamedTuple

from otel_persona.demo.validators import (
    RecentOpenings,
    count_words,
    find_anchors,
    pollyanna,
    sentences,
    trait_leak,
    traits_named,
)

OPENING_VARIATION_LIMIT = 0.5
"""An opening that has half of its words in common with a recent one is a repetition."""
POLLYANNA_LIMIT = 0.85
"""The specification's critical line, here for one text."""
TRAIT_LEAK_LIMIT = 6 / 7
"""Above it, a text calls every trait of its prompt by name."""
_SHORT_PERSONA_SENTENCES = 2


class Repaired(NamedTuple):
    """A text as it is kept, and the kinds of repair that it took."""

    text: str
    kinds: tuple[str, ...]


def repair_background(text: str, recent: RecentOpenings) -> Repaired:
    """Mend a background; ``recent`` are the openings that its own must differ from.

    Each objection is made to the text as the repairs before it have left it.
    """
    parts = sentences(text)
    kinds = []
    if len(parts) > 1 and recent.variation(parts[0]) < OPENING_VARIATION_LIMIT:
        parts = _start_elsewhere(parts, recent)
        kinds.append("opening_repetition")
    if len(parts) > 1 and (pollyanna(" ".join(parts)) or 0.0) > POLLYANNA_LIMIT:
        parts.remove(max(parts, key=_cheerfulness))
        kinds.append("too_positive")
    if len(parts) > 1 and trait_leak(" ".join(parts)) > TRAIT_LEAK_LIMIT:
        parts.remove(max(parts, key=_traits_told))
        kinds.append("trait_leak")
    return Repaired(" ".join(parts), tuple(kinds))


def shorten(background: str) -> Repaired:
    """Make the short persona: the first sentences, one of which names something concrete.

    Where neither does and a later sentence would, that one takes the place of the second.
    """
    parts = sentences(background)
    short = parts[:_SHORT_PERSONA_SENTENCES]
    if any(find_anchors(part) for part in short):
        return Repaired(" ".join(short), ())
    concrete = next((part for part in parts if find_anchors(part)), None)
    if concrete is None:
        return Repaired(" ".join(short), ())
    return Repaired(f"{short[0]} {concrete}", ("weak_anchors",))


def _start_elsewhere(parts: list[str], recent: RecentOpenings) -> list[str]:
    """Put the sentence that is least like the recent openings first, in place of the first."""
    opening = max(parts[1:], key=recent.variation)
    return [opening, *(part for part in parts[1:] if part is not opening)]


def _cheerfulness(part: str) -> int:
    positive, negative = count_words(part)
    return positive - negative


def _traits_told(part: str) -> int:
    return len(traits_named(part))
