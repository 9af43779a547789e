"""What a tier keeps of its closed batches: sums over them, never the batches."""

from __future__ import annotations

import msgspec

from otel_persona.aggregation.batch_state import BatchState
from otel_persona.aggregation.batch_summary import BatchSummary
from otel_persona.aggregation.slope import SlopeSums


class TierState(msgspec.Struct):
    """The closed batches of one run and tier, folded.

    Slopes use complete batches only, and a batch without a value still takes up its index. States
    of disjoint sets of batches can be merged in any order. The size grows with the number of
    validator names.

    ``complete_attempts`` counts the attempts in complete batches, ``distinct_moves`` is the
    largest number of distinct opening moves in any batch, and ``first_complete`` is the index and
    mean latency (ms) of the first complete batch.
    """

    batches: int = 0
    personas: int = 0
    attempts: int = 0
    successes: int = 0
    complete_attempts: int = 0
    distinct_moves: int = 0
    first_complete: tuple[int, float] | None = None
    repair_rate: SlopeSums = msgspec.field(default_factory=SlopeSums)
    latency: SlopeSums = msgspec.field(default_factory=SlopeSums)
    opening_entropy: SlopeSums = msgspec.field(default_factory=SlopeSums)
    scores: dict[str, SlopeSums] = {}

    def add(self, state: BatchState, summary: BatchSummary) -> None:
        """Fold in a closed batch and its figures."""
        self.batches += 1
        self.personas += summary.personas
        self.attempts += state.attempts
        self.successes += state.successes
        self.distinct_moves = max(self.distinct_moves, len(state.opening_moves))
        for name in summary.mean_validator_scores:
            self.scores.setdefault(name, SlopeSums())
        if summary.complete:
            self._add_points(summary)

    def merge(self, other: TierState) -> None:
        """Fold in the batches of ``other``, which must differ from those already here."""
        self.batches += other.batches
        self.personas += other.personas
        self.attempts += other.attempts
        self.successes += other.successes
        self.complete_attempts += other.complete_attempts
        self.distinct_moves = max(self.distinct_moves, other.distinct_moves)
        self._offer_first(other.first_complete)
        self.repair_rate.merge(other.repair_rate)
        self.latency.merge(other.latency)
        self.opening_entropy.merge(other.opening_entropy)
        for name, trend in other.scores.items():
            self.scores.setdefault(name, SlopeSums()).merge(trend)

    def _add_points(self, summary: BatchSummary) -> None:
        self.complete_attempts += summary.batch_size
        self._offer_first((summary.index, summary.mean_latency_ms))
        self.repair_rate.add(summary.index, summary.repair_rate)
        self.latency.add(summary.index, summary.mean_latency_ms)
        if summary.opening_move_entropy is not None:
            self.opening_entropy.add(summary.index, summary.opening_move_entropy)
        for name, mean in summary.mean_validator_scores.items():
            if mean is not None:
                self.scores[name].add(summary.index, mean)

    def _offer_first(self, batch: tuple[int, float] | None) -> None:
        if batch is not None and (self.first_complete is None or batch < self.first_complete):
            self.first_complete = batch
