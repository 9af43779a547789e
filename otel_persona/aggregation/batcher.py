"""How a stream of attempts becomes batches, whichever the policy."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from otel_persona.aggregation.batch_state import BatchState
from otel_persona.records import AttemptRecord


class ClosedBatch(NamedTuple):
    """A batch that was closed; ``complete`` says whether it counts in the slopes."""

    state: BatchState
    key: str | None
    complete: bool


class Batcher(Protocol):
    """Puts each attempt into its batch and closes batches; it holds the open ones only."""

    def add(self, record: AttemptRecord) -> list[ClosedBatch]:
        """Take an attempt and give the batches that it closed."""

    def slack(self) -> int:
        """Say how many attempts can come before one may close a batch."""

    def finish(self) -> list[ClosedBatch]:
        """Close what is open; attempts that follow start new batches."""
