"""Counters and histograms of attempts.

Counters are observed from tallies of our own, which costs a tenth of a synchronous call each;
their values are the same. Label values that come from data are bounded, see ``BoundedLabel``.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation

from otel_persona import forks, semconv
from otel_persona.records import AttemptRecord, health
from otel_persona.semconv import Instrument, Label
from otel_persona.settings import Prices


class BoundedLabel:
    """Keeps the first ``limit`` values of a label apart; all later ones read ``other``."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._known: set[str] = set()

    def __getitem__(self, value: str) -> str:
        if value in self._known:
            return value
        if len(self._known) < self.limit:
            self._known.add(value)
            return value
        return semconv.OTHER


class AttemptMetrics:
    """The instruments of attempts on one meter, and the tallies that its counters read."""

    def __init__(self, meter: Meter) -> None:
        self._prices = Prices()
        self._labels = {name: BoundedLabel(1) for name in ("tier", "repair", "move", "validator")}
        self._lock = threading.Lock()
        self._attempts: Counter[tuple[str, ...]] = Counter()
        self._tokens: Counter[tuple[str, ...]] = Counter()
        self._repairs: Counter[tuple[str, ...]] = Counter()
        self._moves: Counter[tuple[str, ...]] = Counter()
        self._priced_tokens: Counter[tuple[str, str, str]] = Counter()
        self._duration = _histogram(meter, semconv.ATTEMPT_DURATION)
        self._score = _histogram(meter, semconv.VALIDATOR_SCORE)
        for instrument, tally in (
            (semconv.ATTEMPTS, self._attempts),
            (semconv.TOKENS, self._tokens),
            (semconv.REPAIRS, self._repairs),
            (semconv.OPENING_MOVES, self._moves),
        ):
            _observe(meter, instrument, partial(_observations, instrument, tally))
        _observe(meter, semconv.COST, self._observe_cost)
        _observe_health(meter)
        forks.in_child(self._start_at_zero)

    def set_limits(self, label_values: int, prices: Prices) -> None:
        """Say how many values of a label stay apart, and what tokens cost."""
        self._prices = prices
        for label in self._labels.values():
            label.limit = label_values

    def add(self, record: AttemptRecord, *, tier: str, usage_known: bool, context: Context) -> None:
        """Count one finished attempt; ``context`` is its own, for the exemplars."""
        stage, status = record.stage, record.status
        with self._lock:
            tier = self._labels["tier"][tier]
            self._attempts[stage, status, tier] += 1
            if usage_known:
                self._add_tokens(record, stage, tier)
            for kind in record.repairs:
                self._repairs[self._labels["repair"][kind], stage, tier] += 1
            if record.opening_move is not None:
                self._moves[self._labels["move"][record.opening_move], tier] += 1
            validators = [self._labels["validator"][name] for name in record.validator_scores]
        self._duration.record(
            record.latency_ms / 1000,
            {Label.STAGE: stage, Label.STATUS: status, Label.TIER: tier},
            context,
        )
        for validator, score in zip(validators, record.validator_scores.values(), strict=True):
            labels = {Label.VALIDATOR: validator, Label.STAGE: stage, Label.TIER: tier}
            self._score.record(score, labels, context)

    def _add_tokens(self, record: AttemptRecord, stage: str, tier: str) -> None:
        self._tokens["input", stage, tier] += record.prompt_tokens
        self._tokens["output", stage, tier] += record.completion_tokens
        # Only models with a price of their own stay apart, so that their number is bounded.
        model = record.model if record.model in self._prices.models else None
        tokens = record.prompt_tokens + record.completion_tokens
        self._priced_tokens[stage, tier, model or ""] += tokens

    def _observe_cost(self) -> Iterable[Observation]:
        by_labels: dict[tuple[str, str], dict[str, int]] = {}
        for (stage, tier, model), tokens in list(self._priced_tokens.items()):
            by_labels.setdefault((stage, tier), {})[model] = tokens
        return [
            Observation(self._prices.cost(tokens), {Label.STAGE: stage, Label.TIER: tier})
            for (stage, tier), tokens in by_labels.items()
        ]

    def _start_at_zero(self) -> None:
        """Forget all counts, as a forked child must: its parent reports what came before."""
        self._lock = threading.Lock()
        for tally in (self._attempts, self._tokens, self._repairs, self._moves):
            tally.clear()
        self._priced_tokens.clear()


def _histogram(meter: Meter, instrument: Instrument) -> Histogram:
    return meter.create_histogram(
        instrument.name,
        instrument.unit,
        instrument.description,
        explicit_bucket_boundaries_advisory=instrument.boundaries,
    )


def _observe(
    meter: Meter, instrument: Instrument, observe: Callable[[], Iterable[Observation]]
) -> None:
    def callback(_: CallbackOptions) -> Iterable[Observation]:
        return observe()

    meter.create_observable_counter(
        instrument.name, [callback], instrument.unit, instrument.description
    )


def _observations(instrument: Instrument, tally: Counter[tuple[str, ...]]) -> Iterable[Observation]:
    return [
        Observation(value, dict(zip(instrument.labels, labels, strict=True)))
        for labels, value in list(tally.items())
    ]


def _observe_health(meter: Meter) -> None:
    for instrument, tally in (
        (semconv.RECORDS_LOST, health.lost),
        (semconv.RECORDS_REJECTED, health.rejected),
        (semconv.RECORDS_WARNED, health.warned),
    ):
        _observe(meter, instrument, partial(_reasons, tally))


def _reasons(tally: health.ReasonTally) -> Iterable[Observation]:
    return [Observation(count, {Label.REASON: reason}) for reason, count in tally.counts().items()]
