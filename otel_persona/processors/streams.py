"""The streams of attempts in one process: one for each run and tier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from otel_persona.aggregation import (
    Aggregator,
    BatchSummary,
    Indicator,
    IndicatorChange,
    TierSummary,
    changes_between,
    last_known,
)
from otel_persona.records import AttemptRecord
from otel_persona.semconv import OTHER
from otel_persona.settings import Settings

_MOST_STREAMS = 32
_OPEN_BATCHES = 8


class BatchReport(NamedTuple):
    """A closed batch, and what follows from it."""

    batch: BatchSummary
    tier: TierSummary
    changes: list[IndicatorChange]


class Streams:
    """All streams; beyond 32, further runs and tiers share one named ``other``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._streams: dict[tuple[str, str], _Stream] = {}
        # The same, keyed as records have it: most have no tier, since it follows from the run.
        self._by_record: dict[tuple[str, str | None], _Stream] = {}

    def add(self, record: AttemptRecord) -> list[BatchReport]:
        """Fold in an attempt, and return the batches that it closed.

        Raises ``RecordError`` if the attempt cannot be folded.
        """
        stream = self._by_record.get((record.run_id, record.tier))
        return (self._stream_of(record) if stream is None else stream).add(record)

    def slack(self) -> int:
        """Return how many attempts can be added before one may close a batch."""
        if len(self._streams) != 1:
            return 0
        (stream,) = self._streams.values()
        return stream.slack()

    def finish(self) -> list[BatchReport]:
        """Close all open batches, as partial."""
        return [report for stream in self._streams.values() for report in stream.finish()]

    def _stream_of(self, record: AttemptRecord) -> _Stream:
        key = (record.run_id, record.tier or self._settings.tier_of(record.run_id))
        if key not in self._streams and len(self._streams) >= _MOST_STREAMS:
            key = (OTHER, OTHER)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream(*key, self._settings)
        if len(self._by_record) < 2 * _MOST_STREAMS:
            self._by_record[record.run_id, record.tier] = stream
        return stream


class _Stream:
    """The attempts of one run and tier."""

    def __init__(self, run_id: str, tier: str, settings: Settings) -> None:
        self._run_id = run_id
        self._tier = tier
        self._aggregator = Aggregator(settings, tier, open_batches=_OPEN_BATCHES)
        self._indicators: Mapping[str, Indicator] = {}

    def add(self, record: AttemptRecord) -> list[BatchReport]:
        """Fold in an attempt, and return the batches that it closed."""
        closed = self._aggregator.add(record)
        return [self._look_at(batch) for batch in closed] if closed else []

    def slack(self) -> int:
        """Return how many attempts can be added before one may close a batch."""
        return self._aggregator.slack()

    def finish(self) -> list[BatchReport]:
        """Close the open batches, as partial."""
        return [self._look_at(batch) for batch in self._aggregator.finish()]

    def _look_at(self, batch: BatchSummary) -> BatchReport:
        changes = changes_between(self._indicators, batch, run_id=self._run_id, tier=self._tier)
        self._indicators = last_known(self._indicators, batch)
        return BatchReport(batch, self._aggregator.tier_summary(), changes)
