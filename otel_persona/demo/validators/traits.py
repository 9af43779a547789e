"""Labels of the prompt that stand in the text by name: a trait should show, not be announced."""

from __future__ import annotations

import re

# The seven ratings that the prompt of these personas gives, and the words that name them.
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
    """Give the traits of the prompt that ``text`` calls by their names."""
    return frozenset(trait for trait, pattern in _named.items() if pattern.search(text))


def trait_leak(text: str) -> float:
    """Give the share of the prompt's seven traits that ``text`` calls by name; 0 is no leak."""
    return len(traits_named(text)) / len(_named)
