"""From a stream of attempts to the summaries of its batches and of its tier."""

from __future__ import annotations

import msgspec

from otel_persona.aggregation.batch_summary import BatchSummary, summarise_batch
from otel_persona.aggregation.batcher import Batcher, ClosedBatch
from otel_persona.aggregation.key_indicators import key_indicators
from otel_persona.aggregation.keyed_batches import KeyedBatcher
from otel_persona.aggregation.position_batches import AttemptsBatcher, PersonasBatcher
from otel_persona.aggregation.tier_state import TierState
from otel_persona.aggregation.tier_summary import TierSummary, summarise_tier
from otel_persona.errors import UsageError
from otel_persona.records import AttemptRecord
from otel_persona.settings import BatchPolicy, Settings


class Aggregator:
    """Folds one stream of attempts of one run and tier.

    ``tier`` is the tier's name; by default it is that of the settings, else it follows from the run
    id of the first attempt. ``open_batches`` limits how many batches of a keyed policy
    (``sequence``, ``prefix``, ``time``) are open at once; by default all stay open until
    ``finish``, as needed for reading a log. Memory holds the open batches and sums over the closed
    ones, so it does not grow with the number of attempts. It can be pickled.
    """

    def __init__(
        self, settings: Settings, tier: str | None = None, *, open_batches: int | None = None
    ) -> None:
        self._settings = settings
        self._tier_name = tier
        self._open_batches = open_batches
        self._batcher = _batcher(settings.batch_policy, open_batches)
        self._tier = TierState()

    def add(self, record: AttemptRecord) -> list[BatchSummary]:
        """Add an attempt and return the batches that it closed, usually none.

        Raises ``RecordError`` if the batch policy cannot use the attempt's persona id, or if a
        score is not a finite number; the attempt is then not counted.
        """
        closed = self._batcher.add(record)
        if self._tier_name is None:
            self._tier_name = self._settings.tier_of(record.run_id)
        return [self._close(batch) for batch in closed] if closed else []

    def slack(self) -> int:
        """Return how many attempts can be added before one may close a batch."""
        return self._batcher.slack()

    def finish(self) -> list[BatchSummary]:
        """Close the open batches; later attempts start new ones."""
        return [self._close(batch) for batch in self._batcher.finish()]

    def tier_summary(self) -> TierSummary:
        """Return the figures over the batches closed so far."""
        name = self._tier_name
        if name is None:
            name = self._settings.tier_of(self._settings.run_id or "")
        return summarise_tier(self._tier, name, self._settings)

    def merge(self, other: Aggregator) -> None:
        """Add the attempts of ``other``, another part of the same run, which does not change.

        Parts may be merged in any order. Raises ``UsageError`` if they cannot be merged: under a
        policy that cuts by position, with limited ``open_batches``, after a batch was closed, or
        with different settings.
        """
        mine, others = self._mergeable(), other._mergeable()
        if self._settings != other._settings:
            raise UsageError("aggregations with different settings cannot be merged")
        mine.merge(others)
        if self._tier_name is None:
            self._tier_name = other._tier_name

    def _mergeable(self) -> KeyedBatcher:
        if not isinstance(self._batcher, KeyedBatcher):
            raise UsageError(
                f"batches of {self._settings.batch} depend on the position in the stream, so parts "
                "cannot be merged; sequence:N, prefix and time:60s can"
            )
        if self._open_batches is not None or self._tier.batches:
            raise UsageError("parts can be merged only while all of their batches are open")
        return self._batcher

    def _close(self, batch: ClosedBatch) -> BatchSummary:
        summary = summarise_batch(
            batch.state,
            self._settings.prices,
            index=self._tier.batches,
            key=batch.key,
            complete=batch.complete,
        )
        self._tier.add(batch.state, summary)
        indicators = key_indicators(batch.state, summary, self._tier, self._settings.indicators)
        return msgspec.structs.replace(summary, indicators=indicators)


def _batcher(policy: BatchPolicy, open_batches: int | None) -> Batcher:
    if policy.kind == "personas":
        return PersonasBatcher(policy.size)
    if policy.kind == "attempts":
        return AttemptsBatcher(policy.size)
    return KeyedBatcher(policy, open_batches)
