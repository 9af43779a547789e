"""The figures of batches and tiers: a small mergeable state, and the summaries made from it.

A stream of attempts flows through these modules from top to bottom:

- ``aggregator``: the whole way, for one stream of one run and tier
- ``batcher``, ``position_batches``, ``keyed_batches``: which batch an attempt belongs to, and when
  it closes
- ``batch_state``: what a batch keeps of its attempts (``add``, ``merge``)
- ``batch_summary``: the specified figures of a batch
- ``tier_state``, ``tier_summary``: sums over closed batches, and the specified figures of a tier
- ``indicators``, ``key_indicators``, ``indicator_changes``: values, bands, and changes of bands

``exact_sum``, ``slope``, ``percentile`` and ``diversity`` hold the arithmetic. Sums are whole
numbers throughout, so no figure depends on the order of attempts or on how a log was split.
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
