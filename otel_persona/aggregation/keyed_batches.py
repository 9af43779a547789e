"""Batches by a key from the record: ``sequence:N``, ``prefix`` and ``time:60s``."""

from __future__ import annotations

from otel_persona.aggregation.batch_state import BatchState
from otel_persona.aggregation.batcher import ClosedBatch
from otel_persona.errors import RecordError
from otel_persona.records import AttemptRecord, parse_timestamp
from otel_persona.settings import BatchPolicy

_Key = int | str
_MICROSECONDS = 1_000_000
_MOST_DIGITS = 640


class KeyedBatcher:
    """Keeps one batch open per key.

    Without ``open_batches`` all stay open until ``finish``, and parts of a log can be merged. With
    it (at least 1), the batch that has been idle longest is closed once no more attempts are
    expected: a ``time`` batch when a whole window lies between it and the newest; a ``sequence``
    batch when as many attempts as its size went elsewhere since its last one, or twice as many if
    it lacks personas; and any batch when more than ``open_batches`` are open. Later attempts with
    its key open a further part of it.

    A ``time`` batch is partial if it is the last, a ``sequence`` batch if it is the last and has
    fewer personas than its size; so is a batch of either kind closed after one with a higher
    number, usually such a further part, unless a ``sequence`` batch has all its personas. A
    ``prefix`` batch is never partial.
    """

    def __init__(self, policy: BatchPolicy, open_batches: int | None = None) -> None:
        self._policy = policy
        self._open_batches = open_batches
        # If their number is limited, the one that has been idle longest comes first.
        self._open: dict[_Key, BatchState] = {}
        self._attempts = 0
        self._touched: dict[_Key, int] = {}
        self._newest_closed: int | None = None

    def add(self, record: AttemptRecord) -> list[ClosedBatch]:
        """Add an attempt and return the batch that it closed, if any.

        Raises ``RecordError`` if the attempt has no such key, and what folding raises.
        """
        key = _key(self._policy, record)
        state = self._open.get(key) or BatchState()
        state.add(record)
        if self._open_batches is None:
            self._open[key] = state
            return []
        self._touch(key, state)
        alone = next(iter(self._open))
        if len(self._open) <= self._open_batches and not self._is_over(alone, key):
            return []
        self._touched.pop(alone)
        return [self._close(alone, self._open.pop(alone), is_last=False)]

    def _touch(self, key: _Key, state: BatchState) -> None:
        self._attempts += 1
        self._touched[key] = self._attempts
        self._open.pop(key, None)
        self._open[key] = state

    def _is_over(self, alone: _Key, newest: _Key) -> bool:
        """Return whether no more attempts are expected for ``alone``, the batch idle longest."""
        size = self._policy.size
        if self._policy.kind == "sequence":
            is_full = len(self._open[alone].personas) >= size
            elsewhere = self._attempts - self._touched[alone]
            return elsewhere >= (size if is_full else 2 * size)
        return isinstance(alone, int) and isinstance(newest, int) and newest - alone > 1

    def slack(self) -> int:
        """Return how many attempts can be added before one may close a batch: none."""
        return 0

    def finish(self) -> list[ClosedBatch]:
        """Close the open batches, by number, or for ``prefix`` by first ``ts`` and key."""
        batches = sorted(self._open.items(), key=_order)
        self._open, self._touched = {}, {}
        last = len(batches) - 1
        return [
            self._close(key, state, is_last=position == last)
            for position, (key, state) in enumerate(batches)
        ]

    def merge(self, other: KeyedBatcher) -> None:
        """Add the open batches of ``other``, which does not change."""
        for key, state in other._open.items():
            self._open.setdefault(key, BatchState()).merge(state)

    def _close(self, key: _Key, state: BatchState, *, is_last: bool) -> ClosedBatch:
        if isinstance(key, str):
            return ClosedBatch(state, key, complete=True)
        in_order = self._newest_closed is None or key > self._newest_closed
        if in_order:
            self._newest_closed = key
        full = self._policy.kind == "sequence" and len(state.personas) >= self._policy.size
        return ClosedBatch(state, str(key), complete=full or (in_order and not is_last))


def _key(policy: BatchPolicy, record: AttemptRecord) -> _Key:
    if policy.kind == "time":
        return parse_timestamp(record.ts) // (policy.size * _MICROSECONDS)
    persona_id = record.persona_id
    if policy.kind == "prefix":
        return persona_id.partition("-")[0]
    number = _whole_number(persona_id)
    if number is None:
        raise RecordError(
            f"persona_id {persona_id!r:.60} is not a whole number, which {policy} needs"
        )
    return number // policy.size


def _whole_number(text: str) -> int | None:
    digits = text.removeprefix("-")
    # Python's lowest possible limit on reading ints; no real id has more digits.
    if digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS:
        return int(text)
    return None


def _order(batch: tuple[_Key, BatchState]) -> tuple[int, str, str]:
    key, state = batch
    return (0, state.start, key) if isinstance(key, str) else (key, "", "")
