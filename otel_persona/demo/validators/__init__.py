"""Small validators for persona texts in English; each reads one text and needs nothing else.

``openings`` classifies first sentences and scores how much they differ from recent ones,
``positivity`` weighs happy words against unhappy ones, ``traits`` finds the prompt's labels in the
text, ``anchors`` collects concrete details, and ``wording`` splits texts into sentences and words.
"""

from otel_persona.demo.validators.anchors import anchor_specificity, find_anchors
from otel_persona.demo.validators.openings import RecentOpenings, opening_move
from otel_persona.demo.validators.positivity import count_words, pollyanna
from otel_persona.demo.validators.traits import trait_leak, traits_named
from otel_persona.demo.validators.wording import sentences, words

__all__ = [
    "RecentOpenings",
    "anchor_specificity",
    "count_words",
    "find_anchors",
    "opening_move",
    "pollyanna",
    "sentences",
    "trait_leak",
    "traits_named",
    "words",
]
