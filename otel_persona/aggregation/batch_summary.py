"""The figures of one batch, as specified, made from its state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from otel_persona.aggregation.batch_state import BatchState
from otel_persona.aggregation.diversity import entropy, expected_distinct
from otel_persona.aggregation.indicators import Indicator
from otel_persona.aggregation.percentile import percentile
from otel_persona.settings import Prices

NAMED_VALIDATORS = ("trait_leak", "opening_variation", "pollyanna")
"""The validators that every batch reports."""

_RAREFIED_DRAWS = 150


class BatchSummary(msgspec.Struct, kw_only=True, frozen=True):
    """The figures of one batch, under the specification's names.

    ``index`` counts batches from 0, in the order in which they close. ``key`` is the batch's key
    as text: the id's prefix for ``prefix``, the id // N for ``sequence:N``, the window's number
    since the epoch for ``time``, else ``None``. ``complete`` says whether the batch counts in the
    slopes. ``batch_size`` counts attempts, ``personas`` the distinct personas among them; ``start``
    and ``end`` are the first and last ``ts``. Rates are shares from 0 to 1, latencies are in
    milliseconds, the entropy is in bits. ``anchors_rarefied_150`` is the number of distinct anchors
    expected in 150 of those used, which, unlike ``anchor_diversity``, does not depend on the
    batch's size. A figure without data is ``None``.
    """

    index: int
    key: str | None
    complete: bool
    personas: int
    start: str
    end: str
    batch_size: int
    success_rate: float
    mean_latency_ms: float
    p95_latency_ms: float
    mean_latency_success_ms: float | None
    p95_latency_success_ms: float | None
    repair_rate: float
    repair_breakdown: dict[str, int]
    mean_validator_scores: dict[str, float | None]
    opening_move_entropy: float | None
    anchor_diversity: float
    anchors_rarefied_150: float | None
    total_tokens: int
    cost_usd: float
    indicators: dict[str, Indicator]


def summarise_batch(
    state: BatchState,
    prices: Prices,
    *,
    index: int = 0,
    key: str | None = None,
    complete: bool = True,
) -> BatchSummary:
    """Compute the figures of a batch, without its indicators.

    Raises ``ValueError`` if the batch holds no attempt.
    """
    if not state.attempts:
        raise ValueError("a batch without attempts has no figures")
    success_latencies = state.success_latencies
    latencies = Counter(success_latencies)
    latencies.update(state.other_latencies)
    return BatchSummary(
        index=index,
        key=key,
        complete=complete,
        personas=len(state.personas),
        start=state.start,
        end=state.end,
        batch_size=state.attempts,
        success_rate=state.successes / state.attempts,
        mean_latency_ms=_mean(latencies),
        p95_latency_ms=percentile(latencies, 95),
        mean_latency_success_ms=_mean(success_latencies) if success_latencies else None,
        p95_latency_success_ms=percentile(success_latencies, 95) if success_latencies else None,
        repair_rate=state.repaired / state.attempts,
        repair_breakdown=dict(sorted(state.repairs.items(), key=lambda kind: (-kind[1], kind[0]))),
        mean_validator_scores=_mean_scores(state),
        opening_move_entropy=entropy(state.opening_moves.values()),
        anchor_diversity=len(state.anchors) / state.attempts,
        anchors_rarefied_150=expected_distinct(state.anchors.values(), _RAREFIED_DRAWS),
        total_tokens=sum(state.tokens.values()),
        cost_usd=prices.cost(state.tokens),
        indicators={},
    )


def _mean(counts: Mapping[int, int]) -> float:
    return sum(number * count for number, count in counts.items()) / sum(counts.values())


def _mean_scores(state: BatchState) -> dict[str, float | None]:
    means: dict[str, float | None] = dict.fromkeys(NAMED_VALIDATORS)
    for name in sorted(state.scores):
        means[name] = state.scores[name].mean()
    return means
