"""What the pipeline does with a text that a validator objects to.

Each repair uses only the text itself: it starts from another sentence, drops one, or picks one.
Nothing is made up.
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
"""Below it, more than half of the words are shared with a recent opening: a repetition."""
POLLYANNA_LIMIT = 0.85
"""The specification's critical limit, here for a single text."""
TRAIT_LEAK_LIMIT = 6 / 7
"""Above it, a text names every trait of its prompt."""
_SHORT_PERSONA_SENTENCES = 2


class Repaired(NamedTuple):
    """A text as kept, and the kinds of repair it took."""

    text: str
    kinds: tuple[str, ...]


def repair_background(text: str, recent: RecentOpenings) -> Repaired:
    """Repair a background; ``recent`` are the openings that its own must differ from.

    Each check looks at the text as the repairs before it left it.
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
    """Make the short persona: the first two sentences, one of which names something concrete.

    If neither does but a later sentence would, that one replaces the second.
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
    """Replace the first sentence by moving the one least like the recent openings to the front."""
    opening = max(parts[1:], key=recent.variation)
    return [opening, *(part for part in parts[1:] if part is not opening)]


def _cheerfulness(part: str) -> int:
    positive, negative = count_words(part)
    return positive - negative


def _traits_told(part: str) -> int:
    return len(traits_named(part))
