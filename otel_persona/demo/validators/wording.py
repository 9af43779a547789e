"""Splits a text into sentences and words."""

from __future__ import annotations

import re

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"”’']?\s+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def sentences(text: str) -> list[str]:
    """Split a text after each period, question mark or exclamation mark."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def words(text: str) -> list[str]:
    """List the words of a text in lowercase; ``48-year-old`` and ``don't`` are one word each."""
    return _WORD.findall(text.lower())
