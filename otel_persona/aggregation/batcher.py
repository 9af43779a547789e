"""How a stream of attempts becomes batches, whatever the policy."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from otel_persona.aggregation.batch_state import BatchState
from otel_persona.records import AttemptRecord


class ClosedBatch(NamedTuple):
    """A closed batch; ``complete`` says whether it counts in the slopes."""

    state: BatchState
    key: str | None
    complete: bool


class Batcher(Protocol):
    """Puts each attempt into its batch and closes batches; it holds only the open ones."""

    def add(self, record: AttemptRecord) -> list[ClosedBatch]:
        """Add an attempt and return the batches that it closed."""

    def slack(self) -> int:
        """Return how many attempts can be added before one may close a batch."""

    def finish(self) -> list[ClosedBatch]:
        """Close the open batches; later attempts start new ones."""
