"""How one-sidedly happy a text is, from two short lists of word stems."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from otel_persona.demo.validators.wording import words

# Word beginnings, as regular expressions; lookaheads exclude words with another meaning.
_POSITIVE = r"""
accomplish achiev admir ador adventur affection amaz appreciat balance beautiful belov
bless brave brillian buoyed calm camarad captivat charis charm cheer cherish comfort
compassion confiden content courag cozy creativ curiosity curious dedicat delight eager
ease easy effortless embrac empath empower encourag energetic enjoy enrich enthusias
excel excit extraordinary flourish fortunate freedom friend fulfil fun\b generos
generous gentle(?!m) genuin good\b grace grateful gratitude great\b grow happ harmon
health heartfelt helpful hope(?!less) humor ideal impressive infectious insight inspir
integrity joy kind laugh lively love loving loyal luxur meaningful motivat
nurtur optimis passion patien peace perfect pleas positiv pride profound proud rapport
relax reliab relish remarkabl resilien respect reward rich satisf savor secur seren
shine sincer solace spirited stab steadfast strength success support talent tenac
thank(?!s) thoughtful thriv tranquil treasur trust unwavering uplift valued vibran warm
welcom well-liked wis wonder zeal zest
"""
_NEGATIVE = r"""
adversit afraid alone aloof angry anxi avoid awkward bad\b barrier battle bewilder blunt
bore brusque burden challeng chao clash cloud conflict confus constrain critici daunt
demand difficult disagree disappoint disconnect disorgan distan distress doubt elude
elusive exhaust fail falter fear(?!less) fragil friction frustrat gap grappl grief hard
harsh hesita hinder hopeless hurdl hurt impati impuls inadequa insecur instabil isolat
juggl lack lapse limit lone lose losing loss messy miss(?:ed|ing|es|)\b mistak
misunderst mood neglect nervous obstacle overlook overthink overwhelm pain(?![st]) panic
perplex pessimis poor pressur problem(?!-solv) procrastinat regret reject reluctan
resent restless rigid sad\b scarc self-doubt setback shy sorrow strain stress struggl
stubborn suffer superficial taxing tense tension threat tight tough tricky troubl
turbulen turmoil uncertain uneas unemploy unfinish unpredictab unsettl vulnerab weak
worr wrestl wrong
"""


class Balance(NamedTuple):
    """How many words of a text match each list."""

    positive: int
    negative: int


_positive = re.compile("|".join(_POSITIVE.split()))
_negative = re.compile("|".join(_NEGATIVE.split()))


def count_words(text: str) -> Balance:
    """Count the words of ``text`` that start with a stem of each list."""
    tones = [_tone(word) for word in words(text)]
    return Balance(tones.count(1), tones.count(-1))


def pollyanna(text: str) -> float | None:
    """Return the share of positive words among positive and negative ones; 1 is all positive.

    ``None`` if the text has neither, because there is nothing to weigh.
    """
    positive, negative = count_words(text)
    return positive / (positive + negative) if positive + negative else None


@lru_cache(maxsize=20_000)
def _tone(word: str) -> int:
    """Return 1 for a positive word, -1 for a negative one, else 0."""
    if _positive.match(word):
        return 1
    return -1 if _negative.match(word) else 0
