"""Counters and histograms of attempts.

Counters are observed from our own tallies, at a tenth of the cost of a synchronous call and with
the same values. Up to 64 finished attempts wait until a reader collects: counting them in a row
costs half as much as one by one, and the reader's thread does it. Label values that come from data
are bounded, see ``BoundedLabel``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.metrics import Asynchronous, Meter

from otel_persona import semconv
from otel_persona.concurrency import forks
from otel_persona.concurrency.interruptions import pass_on
from otel_persona.concurrency.serial_queue import SerialQueue
from otel_persona.instruments import (
    BoundedLabel,
    Labels,
    OncePerProvider,
    histogram,
    observe,
)
from otel_persona.records import AttemptRecord, tallies
from otel_persona.semconv import Label
from otel_persona.settings import Prices

_Ended = tuple[AttemptRecord, str, bool]
"""A finished attempt's record, its tier, and whether its usage is known."""

_UNCOUNTED = 64
_MOST_WAIT_S = 1.0
# Attempts are counted later, in whatever context is current: an exemplar would name its trace.
_NO_SPAN = trace.set_span_in_context(trace.INVALID_SPAN, Context())  # an empty one is ignored


class AttemptMetrics:
    """The instruments of attempts on one meter, and the tallies that the counters read."""

    def __init__(self, meter: Meter) -> None:
        self._prices = Prices()
        self._cost_before: Mapping[Labels, float] = {}  # at other prices
        self._tiers, self._repair_types = BoundedLabel(), BoundedLabel()
        self._move_labels, self._validators = BoundedLabel(), BoundedLabel()
        self._ended: SerialQueue[_Ended] = SerialQueue(self._count)
        self._attempts: Counter[Labels] = Counter()
        self._tokens: Counter[Labels] = Counter()
        self._repairs: Counter[Labels] = Counter()
        self._moves: Counter[Labels] = Counter()
        self._priced_tokens: Counter[tuple[str, str, str]] = Counter()
        self._duration = histogram(meter, semconv.ATTEMPT_DURATION)
        self._score = histogram(meter, semconv.VALIDATOR_SCORE)
        self._kept = (
            meter,
            [
                observe(meter, semconv.ATTEMPTS, self._counted_attempts),
                observe(meter, semconv.TOKENS, lambda: self._tokens),
                observe(meter, semconv.REPAIRS, lambda: self._repairs),
                observe(meter, semconv.OPENING_MOVES, lambda: self._moves),
                observe(meter, semconv.COST, self._cost),
                *_observe_tallies(meter),
            ],
        )
        forks.around(self._hold_counting, self._go_on_counting)
        forks.in_child(self._start_at_zero)

    def set_limits(self, label_values: int, prices: Prices) -> None:
        """Set how many distinct values a label may have, and what tokens cost."""
        if prices != self._prices:
            self._ended.finish(_MOST_WAIT_S)
            self._cost_before, self._prices = self._cost(), prices
            self._priced_tokens.clear()
        for label in (self._tiers, self._repair_types, self._move_labels, self._validators):
            label.limit = label_values

    def add(self, record: AttemptRecord, *, tier: str, usage_known: bool) -> None:
        """Add a finished attempt; it is counted when a reader collects, if not before."""
        waiting = self._ended.put((record, tier, usage_known))
        if waiting >= _UNCOUNTED:
            self._ended.work()

    def _count(self, ended: _Ended) -> None:
        try:
            self._count_one(*ended)
        except Exception as fault:  # noqa: BLE001 - the caller has an attempt of its own to end
            pass_on(fault)
            tallies.faults.add("metrics", f"an attempt is not in all metrics: {fault!r}")

    def _count_one(self, record: AttemptRecord, tier: str, usage_known: bool) -> None:
        stage, status = record.stage, record.status
        tier = self._tiers[tier]
        self._attempts[stage, status, tier] += 1
        if usage_known:
            self._add_tokens(record, stage, tier)
        for kind in record.repairs:
            self._repairs[self._repair_types[kind], stage, tier] += 1
        if record.opening_move is not None:
            self._moves[self._move_labels[record.opening_move], tier] += 1
        labels = {Label.STAGE: stage, Label.STATUS: status, Label.TIER: tier}
        self._duration.record(record.latency_ms / 1000, labels, _NO_SPAN)
        for name, score in record.validator_scores.items():
            validator = self._validators[name]
            labels = {Label.VALIDATOR: validator, Label.STAGE: stage, Label.TIER: tier}
            if score >= 0:  # histograms accept no others, and the SDK would warn each time
                self._score.record(score, labels, _NO_SPAN)

    def _add_tokens(self, record: AttemptRecord, stage: str, tier: str) -> None:
        self._tokens["input", stage, tier] += record.prompt_tokens
        self._tokens["output", stage, tier] += record.completion_tokens
        # Only models with their own price are kept apart, so that their number is bounded.
        model = record.model if record.model in self._prices.models else None
        tokens = record.prompt_tokens + record.completion_tokens
        self._priced_tokens[stage, tier, model or ""] += tokens

    def _counted_attempts(self) -> Mapping[Labels, int]:
        """Count the waiting attempts: of our instruments, readers ask this one first."""
        self._ended.finish(_MOST_WAIT_S)
        return self._attempts

    def _cost(self) -> Mapping[Labels, float]:
        by_labels: dict[Labels, dict[str, int]] = {}
        for (stage, tier, model), tokens in list(self._priced_tokens.items()):
            by_labels.setdefault((stage, tier), {})[model] = tokens
        costs = dict(self._cost_before)
        for labels, by_model in by_labels.items():
            costs[labels] = costs.get(labels, 0.0) + self._prices.cost(by_model)
        return costs

    def _hold_counting(self) -> None:
        """Keep all threads out of the SDK's histograms: the child would get their locks locked."""
        self._ended.hold(_MOST_WAIT_S)

    def _go_on_counting(self) -> None:
        self._ended.release()

    def _start_at_zero(self) -> None:
        """Reset all counts, as a forked child must: its parent reports the earlier ones."""
        self._ended = SerialQueue(self._count)
        for tally in (self._attempts, self._tokens, self._repairs, self._moves):
            tally.clear()
        self._priced_tokens.clear()
        self._cost_before = {}


def _observe_tallies(meter: Meter) -> Iterator[Asynchronous]:
    for instrument, tally in (
        (semconv.RECORDS_LOST, tallies.lost),
        (semconv.RECORDS_REJECTED, tallies.rejected),
        (semconv.RECORDS_WARNED, tallies.warned),
        (semconv.FAULTS, tallies.faults),
    ):
        yield observe(meter, instrument, partial(_by_reason, tally))


def _by_reason(tally: tallies.ReasonTally) -> Mapping[Labels, int]:
    return {(reason,): count for reason, count in tally.counts().items()}


attempt_metrics: OncePerProvider[AttemptMetrics] = OncePerProvider(AttemptMetrics)
