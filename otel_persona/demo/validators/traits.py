"""Labels from the prompt that the text names: a trait should show, not be announced."""

from __future__ import annotations

import re

# The seven ratings given in these personas' prompt, and the words that name them.
_TRAITS = {
    "openness": r"openness|open to experiences?",
    "conscientiousness": r"(?:un)?conscientious(?:ness|ly)?",
    "extraversion": r"extraver\w+|extrover\w+|introver\w+",
    "agreeableness": r"(?:dis)?agreeable(?:ness)?",
    "neuroticism": r"neurotic(?:ism)?",
    "emotional intelligence": r"emotional(?:ly)? intelligen\w+|emotional and fluid intelligence",
    "fluid intelligence": r"fluid(?: and emotional)? intelligence",
}
_named = {trait: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for trait, words in _TRAITS.items()}


def traits_named(text: str) -> frozenset[str]:
    """Return the traits of the prompt that ``text`` names."""
    return frozenset(trait for trait, pattern in _named.items() if pattern.search(text))


def trait_leak(text: str) -> float:
    """Return the share of the prompt's seven traits that ``text`` names; 0 is no leak."""
    return len(traits_named(text)) / len(_named)
