"""The figures of batches and tiers: a small mergeable state, and the summaries made from it.

A stream of attempts flows through these modules from top to bottom:

- ``aggregator``: the whole path, for one stream of one run and tier
- ``batcher``, ``position_batches``, ``keyed_batches``: which batch an attempt belongs to, and when
  the batch closes
- ``batch_state``: what a batch keeps of its attempts (``add``, ``merge``)
- ``batch_summary``: a batch's figures, as specified
- ``tier_state``, ``tier_summary``: sums over closed batches, and a tier's figures, as specified
- ``indicators``, ``key_indicators``, ``indicator_changes``: values, bands and band changes

``exact_sum``, ``slope``, ``percentile`` and ``diversity`` hold the arithmetic. All sums are whole
numbers, so no figure depends on the order of attempts or on how a log was split.
"""

from otel_persona.aggregation.aggregator import Aggregator
from otel_persona.aggregation.batch_state import BatchState
from otel_persona.aggregation.batch_summary import BatchSummary, summarise_batch
from otel_persona.aggregation.batcher import ClosedBatch
from otel_persona.aggregation.indicator_changes import (
    IndicatorChange,
    changes_between,
    last_known,
)
from otel_persona.aggregation.indicators import Band, Indicator
from otel_persona.aggregation.keyed_batches import KeyedBatcher
from otel_persona.aggregation.tier_state import TierState
from otel_persona.aggregation.tier_summary import (
    DriftReachable,
    TierSummary,
    ValidatorTrend,
    summarise_tier,
)

__all__ = [
    "Aggregator",
    "Band",
    "BatchState",
    "BatchSummary",
    "ClosedBatch",
    "DriftReachable",
    "Indicator",
    "IndicatorChange",
    "KeyedBatcher",
    "TierState",
    "TierSummary",
    "ValidatorTrend",
    "changes_between",
    "last_known",
    "summarise_batch",
    "summarise_tier",
]
