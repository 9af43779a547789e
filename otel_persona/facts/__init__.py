"""What is known of one cohort: its key, its counts, its figures, and their JSON.

- ``cohort_key``: which cohort it is; two cohorts compare only if their keys are equal
- ``cohort_state``: what a cohort keeps of its attempts (``add``, ``merge``), made of
  ``distribution`` (numbers; ``cut_numbers`` cuts them where too many are distinct), ``categories``
  (names), ``distinct_count`` (ids) and ``time_blocks``
- ``figures``: the flat figures made from it, and the direction in which each gets worse
- ``fingerprints``: what a run was made with and from
- ``cohort_facts``: all of this together; ``merged`` joins the facts of several runs
- ``state_codec``, ``facts_codec``, ``json_text``: the JSON

What is kept does not depend on the order of attempts or on how they were split, and its size is
bounded however many there are.
"""

from otel_persona.facts.categories import Categories
from otel_persona.facts.cohort_facts import Facts, Figure, is_number, merged
from otel_persona.facts.cohort_key import VIEWS, CohortKey, View, refuse_other_view
from otel_persona.facts.cohort_state import NOT_REPAIRED, CohortState
from otel_persona.facts.distinct_count import DistinctCount
from otel_persona.facts.distribution import Distribution
from otel_persona.facts.facts_codec import SCHEMA_VERSION, decode_facts, encode_facts, facts_of
from otel_persona.facts.figures import cohort_figures, direction_of
from otel_persona.facts.fingerprints import Fingerprints, settings_hash
from otel_persona.facts.json_text import json_text
from otel_persona.facts.state_codec import encode_state
from otel_persona.facts.time_blocks import TimeBlocks

__all__ = [
    "NOT_REPAIRED",
    "SCHEMA_VERSION",
    "VIEWS",
    "Categories",
    "CohortKey",
    "CohortState",
    "DistinctCount",
    "Distribution",
    "Facts",
    "Figure",
    "Fingerprints",
    "TimeBlocks",
    "View",
    "cohort_figures",
    "decode_facts",
    "direction_of",
    "encode_facts",
    "encode_state",
    "facts_of",
    "is_number",
    "json_text",
    "merged",
    "refuse_other_view",
    "settings_hash",
]
