"""Batches by position in the stream: ``personas:N`` and ``attempts:N``."""

from __future__ import annotations

from otel_persona.aggregation.batch_state import BatchState
from otel_persona.aggregation.batcher import ClosedBatch
from otel_persona.records import AttemptRecord


class PersonasBatcher:
    """Closes a batch when a persona appears that would be one too many for it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._open = BatchState()

    def add(self, record: AttemptRecord) -> list[ClosedBatch]:
        """Add an attempt and return the batch that it closed, if any."""
        personas = self._open.personas
        closed = []
        if len(personas) >= self._size and record.persona_id not in personas:
            closed = self.finish()
        self._open.add(record)
        return closed

    def slack(self) -> int:
        """Return how many attempts can be added before one may close a batch."""
        return self._size - len(self._open.personas)

    def finish(self) -> list[ClosedBatch]:
        """Close the open batch; it is complete if it has all its personas."""
        state, self._open = self._open, BatchState()
        if not state.attempts:
            return []
        return [ClosedBatch(state, None, len(state.personas) >= self._size)]


class AttemptsBatcher:
    """Closes a batch with its last attempt."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._open = BatchState()

    def add(self, record: AttemptRecord) -> list[ClosedBatch]:
        """Add an attempt and return the batch that it closed, if any."""
        self._open.add(record)
        return self.finish() if self._open.attempts >= self._size else []

    def slack(self) -> int:
        """Return how many attempts can be added before one may close a batch."""
        return self._size - self._open.attempts - 1

    def finish(self) -> list[ClosedBatch]:
        """Close the open batch; it is complete if it has all its attempts."""
        state, self._open = self._open, BatchState()
        if not state.attempts:
            return []
        return [ClosedBatch(state, None, state.attempts >= self._size)]
