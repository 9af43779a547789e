"""What a cohort keeps of its attempts: bounded, and the same however they were split."""

from __future__ import annotations

from hashlib import blake2b
from math import isfinite

import msgspec

from otel_persona.errors import RecordError
from otel_persona.facts.categories import Categories
from otel_persona.facts.distinct_count import DistinctCount
from otel_persona.facts.distribution import Distribution
from otel_persona.facts.time_blocks import TimeBlocks
from otel_persona.records import (
    AttemptRecord,
    canonical_timestamp,
    decode_line,
    encode_line,
)

SCORE_STEPS = 1 << 20
"""Scores are whole multiples of ``1 / SCORE_STEPS`` in the sums over blocks of time, rounded."""

NOT_REPAIRED = "not repaired"
"""What the distribution ``repaired`` calls attempts without any repair."""

_HASH_BITS = 128
_encoder = msgspec.json.Encoder(order="sorted")


class CohortState(msgspec.Struct):
    """The attempts of one cohort, folded.

    Adding and merging commute and associate, as in ``BatchState``; unlike there, the size is
    bounded. Latencies are in milliseconds, those of successes apart. Tokens are those of attempts
    that know them (0 in a record means unknown), ``tokens`` their sum by model. ``start`` and
    ``end`` are the first and last ``ts``. ``data_hash`` depends on what was generated, not on when
    or in which run.
    """

    attempts: int = 0
    successes: int = 0
    repaired: int = 0
    start: str = ""
    end: str = ""
    personas: DistinctCount = msgspec.field(default_factory=DistinctCount)
    success_latencies: Distribution = msgspec.field(default_factory=Distribution)
    other_latencies: Distribution = msgspec.field(default_factory=Distribution)
    prompt_tokens: Distribution = msgspec.field(default_factory=Distribution)
    completion_tokens: Distribution = msgspec.field(default_factory=Distribution)
    scores: dict[str, Distribution] = {}
    statuses: Categories = msgspec.field(default_factory=Categories)
    repairs: Categories = msgspec.field(default_factory=Categories)
    opening_moves: Categories = msgspec.field(default_factory=Categories)
    constraint_categories: Categories = msgspec.field(default_factory=Categories)
    anchors: Categories = msgspec.field(default_factory=Categories)
    tokens: dict[str, int] = {}
    blocks: TimeBlocks = msgspec.field(default_factory=TimeBlocks)
    data_hash: int = 0

    def add(self, record: AttemptRecord) -> None:
        """Fold in one attempt.

        Raises ``RecordError`` if a score is not a finite number; nothing is folded in then.
        """
        scores = record.validator_scores
        for score in scores.values():
            if not isfinite(score):
                raise RecordError(f"a score is not a finite number: {score}")
        ts = canonical_timestamp(record.ts)
        is_success = record.status == "success"
        block_values = _block_values(record, is_success=is_success)
        self._stretch(ts)
        self.attempts += 1
        self.successes += is_success
        self.repaired += bool(record.repairs)
        self.personas.add(record.persona_id)
        (self.success_latencies if is_success else self.other_latencies).add(record.latency_ms)
        self._add_tokens(record)
        for name, score in scores.items():
            self._scores_of(name).add(score)
        self._add_names(record)
        self.blocks.add(ts, block_values)
        self.data_hash = (self.data_hash + _hash(record)) % (1 << _HASH_BITS)

    def merge(self, other: CohortState) -> None:
        """Fold in all attempts of ``other``, which does not change."""
        if other.attempts:
            self._stretch(other.start)
            self._stretch(other.end)
        self.attempts += other.attempts
        self.successes += other.successes
        self.repaired += other.repaired
        for name in _MERGED:
            getattr(self, name).merge(getattr(other, name))
        for name, scores in other.scores.items():
            self._scores_of(name).merge(scores)
        for model, tokens in other.tokens.items():
            self.tokens[model] = self.tokens.get(model, 0) + tokens
        self.data_hash = (self.data_hash + other.data_hash) % (1 << _HASH_BITS)

    def numeric_distributions(self) -> dict[str, Distribution]:
        """Return the distributions of numbers that drift is looked for in, by name."""
        numeric = {
            "latency_success_ms": self.success_latencies,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
        }
        return numeric | {f"score.{name}": self.scores[name] for name in sorted(self.scores)}

    def categorical_distributions(self) -> dict[str, Categories]:
        """Return the distributions of names that drift is looked for in, by name."""
        return {
            "status": self.statuses,
            "repaired": self._repaired_or_not(),
            "repairs": self.repairs,
            "opening_move": self.opening_moves,
            "constraint_categories": self.constraint_categories,
            "anchors_used": self.anchors,
        }

    def _repaired_or_not(self) -> Categories:
        counts = {"repaired": self.repaired, NOT_REPAIRED: self.attempts - self.repaired}
        return Categories({name: count for name, count in counts.items() if count})

    def _add_tokens(self, record: AttemptRecord) -> None:
        if record.prompt_tokens or record.completion_tokens:
            self.prompt_tokens.add(record.prompt_tokens)
            self.completion_tokens.add(record.completion_tokens)
        model = record.model or ""
        tokens = record.prompt_tokens + record.completion_tokens
        self.tokens[model] = self.tokens.get(model, 0) + tokens

    def _add_names(self, record: AttemptRecord) -> None:
        self.statuses.add(record.status)
        self.repairs.add_all(record.repairs)
        if record.opening_move is not None:
            self.opening_moves.add(record.opening_move)
        self.constraint_categories.add_all(record.constraint_categories)
        self.anchors.add_all(record.anchors_used)

    def _scores_of(self, validator: str) -> Distribution:
        scores = self.scores.get(validator)
        if scores is None:
            scores = self.scores[validator] = Distribution()
        return scores

    def _stretch(self, ts: str) -> None:
        if ts > self.end:
            self.end = ts
        if not self.start or ts < self.start:
            self.start = ts


_MERGED = (
    "personas",
    "success_latencies",
    "other_latencies",
    "prompt_tokens",
    "completion_tokens",
    "statuses",
    "repairs",
    "opening_moves",
    "constraint_categories",
    "anchors",
    "blocks",
)


def _block_values(record: AttemptRecord, *, is_success: bool) -> dict[str, int]:
    """Return what a block of time sums of one attempt, under the names of the figures."""
    values = {"success_rate": int(is_success), "repair_rate": int(bool(record.repairs))}
    values["mean_latency_ms"] = record.latency_ms
    if is_success:
        values["mean_latency_success_ms"] = record.latency_ms
    if record.prompt_tokens or record.completion_tokens:
        values["mean_prompt_tokens"] = record.prompt_tokens
        values["mean_completion_tokens"] = record.completion_tokens
    for name, score in record.validator_scores.items():
        values[f"mean_validator_scores.{name}"] = _in_steps(score)
    return values


def _in_steps(score: float) -> int:
    # Far outside the documented range the product has no float.
    return round(score) * SCORE_STEPS if abs(score) > SCORE_STEPS else round(score * SCORE_STEPS)


def _hash(record: AttemptRecord) -> int:
    """Hash what was generated; a sum of such hashes does not depend on the order of attempts."""
    content = (
        record.persona_id,
        record.stage,
        record.attempt,
        record.status,
        record.latency_ms,
        record.prompt_tokens,
        record.completion_tokens,
        record.repairs,
        record.validator_scores,
        record.opening_move,
        record.constraint_categories,
        record.anchors_used,
        record.error,
        record.target,
        record.symbol,
        record.model,
    )
    try:
        encoded = _encoder.encode(content)
    except UnicodeEncodeError:
        return _hash(decode_line(encode_line(record)))  # as it stands in the log
    return int.from_bytes(blake2b(encoded, digest_size=_HASH_BITS // 8).digest(), "big")
