"""What readers of the figures should know about the attempts behind them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from otel_persona.records import AttemptRecord, is_naive, parse_timestamp

# Attempts that end at the same time on several threads may be written in either order.
_JITTER_US = 1_000_000


class Remarks:
    """Looks at every attempt of a run in passing, and reports afterwards what was unusual."""

    def __init__(self) -> None:
        self._naive = 0
        self._first: dict[str, str] = {}
        self._last: dict[str, str] = {}

    def add(self, record: AttemptRecord, file: str) -> None:
        """Look at an attempt from ``file``."""
        ts = record.ts
        if file not in self._first:
            self._first[file] = ts
        self._last[file] = ts
        if is_naive(ts):
            self._naive += 1

    def sentences(self, *, order_matters: bool) -> Iterator[str]:
        """Report what was unusual; ``order_matters`` if batches are cut by position."""
        if self._naive:
            yield f"{self._naive:,} timestamps have no offset; they are taken as UTC"
        if order_matters:
            yield from self._disorder()

    def _disorder(self) -> Iterator[str]:
        for before, after in pairwise(self._first):
            began, ended = map(parse_timestamp, (self._first[after], self._last[before]))
            if began + _JITTER_US < ended:
                yield (
                    f"{after} starts before {before} ends, and batches follow the order of the "
                    "files; --batch time:60s does not depend on it"
                )
                return
