"""What a batch keeps of its attempts: whole numbers only, so that merging is adding."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import isfinite
from typing import TypeVar

import msgspec

from otel_persona.aggregation.exact_sum import ExactSum, in_units
from otel_persona.errors import RecordError
from otel_persona.records import AttemptRecord, canonical_timestamp

_Key = TypeVar("_Key", bound=Hashable)


class BatchState(msgspec.Struct):
    """The attempts of one batch, folded.

    Adding and merging commute and associate: states of the same attempts compare equal, however
    the attempts were split and ordered. The size grows with the distinct personas, anchors and
    latencies of the batch. Latencies (ms) are counted separately for successes and for the rest;
    ``tokens`` are by model, ``""`` if none is named; ``start`` and ``end`` are the first and last
    ``ts`` in canonical form, ``""`` while there is none.
    """

    attempts: int = 0
    successes: int = 0
    repaired: int = 0
    start: str = ""
    end: str = ""
    personas: set[str] = set()
    success_latencies: dict[int, int] = {}
    other_latencies: dict[int, int] = {}
    repairs: dict[str, int] = {}
    scores: dict[str, ExactSum] = {}
    opening_moves: dict[str, int] = {}
    anchors: dict[str, int] = {}
    tokens: dict[str, int] = {}

    def add(self, record: AttemptRecord) -> None:
        """Fold in one attempt.

        Raises ``RecordError`` if a score is not a finite number; nothing is folded in then.
        """
        for score in record.validator_scores.values():
            if not isfinite(score):
                raise RecordError(f"a score is not a finite number: {score}")
        self._stretch(canonical_timestamp(record.ts))
        self.attempts += 1
        self.personas.add(record.persona_id)
        if record.status == "success":
            self.successes += 1
            latencies = self.success_latencies
        else:
            latencies = self.other_latencies
        latencies[record.latency_ms] = latencies.get(record.latency_ms, 0) + 1
        if record.repairs:
            self.repaired += 1
            _count(self.repairs, record.repairs)
        for name, score in record.validator_scores.items():
            total = self.scores.get(name)
            if total is None:
                total = self.scores[name] = ExactSum()
            total.add(in_units(score))
        move = record.opening_move
        if move is not None:
            self.opening_moves[move] = self.opening_moves.get(move, 0) + 1
        _count(self.anchors, record.anchors_used)
        model = record.model or ""
        tokens = record.prompt_tokens + record.completion_tokens
        self.tokens[model] = self.tokens.get(model, 0) + tokens

    def merge(self, other: BatchState) -> None:
        """Fold in all attempts of ``other``, which does not change."""
        self.attempts += other.attempts
        self.successes += other.successes
        self.repaired += other.repaired
        self.personas |= other.personas
        if other.attempts:
            self._stretch(other.start)
            self._stretch(other.end)
        _add(self.success_latencies, other.success_latencies)
        _add(self.other_latencies, other.other_latencies)
        _add(self.repairs, other.repairs)
        _add(self.opening_moves, other.opening_moves)
        _add(self.anchors, other.anchors)
        _add(self.tokens, other.tokens)
        for name, total in other.scores.items():
            self.scores.setdefault(name, ExactSum()).merge(total)

    def _stretch(self, ts: str) -> None:
        if ts > self.end:
            self.end = ts
        if not self.start or ts < self.start:
            self.start = ts


def _count(counts: dict[str, int], names: list[str]) -> None:
    for name in names:
        counts[name] = counts.get(name, 0) + 1


def _add(counts: dict[_Key, int], more: Mapping[_Key, int]) -> None:
    for key, count in more.items():
        counts[key] = counts.get(key, 0) + count
