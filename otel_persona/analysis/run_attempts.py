"""The attempts of one run, and of one tier if wanted, from logs that may hold several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from otel_persona.analysis.log_reader import LogReader
from otel_persona.analysis.remarks import Remarks
from otel_persona.errors import LogReadError, UsageError
from otel_persona.records import AttemptRecord
from otel_persona.settings import Settings

_MOST_NAMES = 20


class RunAttempts:
    """The attempts of one run among those of ``reader``, of one tier or of all; iterate once.

    Without ``run_id`` the run is that of the first attempt, and there must be no other. This is
    known only when everything has been read: the iteration then ends with ``UsageError``, which
    lists the runs, or with ``LogReadError`` if there is no attempt at all.

    An attempt's tier is its own, else the one that ``settings`` give for its run, as in live
    figures. Without ``tier`` all tiers of the run count together.
    """

    def __init__(
        self,
        reader: LogReader,
        settings: Settings,
        *,
        run_id: str | None = None,
        tier: str | None = None,
    ) -> None:
        self.reader = reader
        self._settings = settings
        self._remarks = Remarks()
        self._given_run, self._given_tier = run_id, tier
        self._run_id = run_id
        self._runs: Counter[str] = Counter()
        self._tiers: Counter[str] = Counter()

    def __iter__(self) -> Iterator[AttemptRecord]:
        """Yield every attempt of the run and tier."""
        for record in self.reader:
            if self._takes(record):
                self._remarks.add(record, self.reader.file)
                yield record
        self._check()

    @property
    def run_id(self) -> str:
        """The run's id, once one of its attempts was read."""
        return self._run_id or ""

    @property
    def tier(self) -> str:
        """The tier's name, once everything was read: the given one, or what all attempts share.

        If they are of several tiers, it follows from the run's id.
        """
        if self._given_tier is not None:
            return self._given_tier
        if self._settings.tier is None and len(self._tiers) == 1:
            return next(iter(self._tiers))
        return self._settings.tier_of(self.run_id)

    def remarks(self, *, order_matters: bool) -> Iterator[str]:
        """Report what was unusual; ``order_matters`` if batches are cut by position."""
        if self._given_tier is None and len(self._tiers) > 1:
            yield (
                f"the run holds {len(self._tiers):,} tiers, and the figures are over all of them; "
                f"--tier chooses one: {_listed(self._tiers)}"
            )
        yield from self._remarks.sentences(order_matters=order_matters)

    def _takes(self, record: AttemptRecord) -> bool:
        self._runs[record.run_id] += 1
        if self._run_id is None:
            self._run_id = record.run_id
        if record.run_id != self._run_id:
            return False
        tier = record.tier or self._settings.tier_of(record.run_id)
        self._tiers[tier] += 1
        return self._given_tier in (None, tier)

    def _check(self) -> None:
        if not self._runs:
            raise no_attempts(self.reader)
        if self._given_run is None and len(self._runs) > 1:
            raise UsageError(
                f"the input holds {len(self._runs):,} runs; choose one with --run: "
                f"{_listed(self._runs)}"
            )
        for kind, name, there, within in (
            ("run", self._given_run, self._runs, "the input"),
            ("tier", self._given_tier, self._tiers, "the run"),
        ):
            if name is not None and name not in there:
                raise UsageError(
                    f"there is no attempt of the {kind} {name!r}; {within} holds {_listed(there)}"
                )


def _listed(names: Counter[str]) -> str:
    largest_first = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    listed = [
        f"{name!r} ({count:,} attempt{'s' * (count > 1)})"
        for name, count in largest_first[:_MOST_NAMES]
    ]
    if len(names) > _MOST_NAMES:
        listed.append(f"and {len(names) - _MOST_NAMES:,} more")
    return ", ".join(listed)


def no_attempts(reader: LogReader) -> LogReadError:
    """Make the error for a reader that found no attempt."""
    return LogReadError(f"there is no valid attempt record in {', '.join(reader.names)}")
