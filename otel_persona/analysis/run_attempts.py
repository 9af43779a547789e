"""The attempts of one run, out of logs that may hold several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from otel_persona.analysis.reading import LogReader
from otel_persona.analysis.remarks import Remarks
from otel_persona.errors import LogReadError, UsageError
from otel_persona.records import AttemptRecord

_MOST_RUNS_NAMED = 20


class RunAttempts:
    """The attempts of one run among those of ``reader``; iterate over it once.

    Without ``run_id`` it is the run of the first attempt, and the only one there may be. Where
    that does not hold is known when everything has been read: then the iteration ends with
    ``UsageError``, which lists the runs, or with ``LogReadError`` where there is no attempt at all.
    ``remarks`` has looked at every attempt that was given.
    """

    def __init__(self, reader: LogReader, run_id: str | None = None) -> None:
        self.reader = reader
        self.run_id = run_id
        self.remarks = Remarks()

    def __iter__(self) -> Iterator[AttemptRecord]:
        """Give every attempt of the run."""
        counts: Counter[str] = Counter()
        wanted = self.run_id
        for record in self.reader:
            run_id = record.run_id
            counts[run_id] += 1
            if wanted is None:
                wanted = run_id
            if run_id == wanted:
                self.remarks.add(record, self.reader.file)
                yield record
        self._check(counts)
        self.run_id = wanted

    def _check(self, counts: Counter[str]) -> None:
        if not counts:
            raise no_attempts(self.reader)
        if self.run_id is None and len(counts) > 1:
            raise UsageError(
                f"the input holds {len(counts):,} runs; choose one with --run: {_listed(counts)}"
            )
        if self.run_id is not None and self.run_id not in counts:
            raise UsageError(
                f"there is no attempt of the run {self.run_id!r}; the input holds {_listed(counts)}"
            )


def no_attempts(reader: LogReader) -> LogReadError:
    """Say that a reader found no attempt."""
    return LogReadError(f"there is no valid attempt record in {', '.join(reader.names)}")


def _listed(counts: Counter[str]) -> str:
    named = [
        f"{run_id!r} ({count:,} attempt{'s' * (count > 1)})"
        for run_id, count in counts.most_common(_MOST_RUNS_NAMED)
    ]
    if len(counts) > _MOST_RUNS_NAMED:
        named.append(f"and {len(counts) - _MOST_RUNS_NAMED:,} more")
    return ", ".join(named)
