"""The attempts of one run and tier, from logs that may hold several of each."""

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
    """The attempts of one run and tier among those of ``reader``; iterate over it once.

    An attempt's tier is its own, else the one that ``settings`` give for its run, as in live
    figures. Without ``run_id`` the run is that of the first attempt, and there must be no other;
    likewise for ``tier`` within the run. This is known only when everything has been read: the
    iteration then ends with ``UsageError``, which lists the runs or tiers, or with ``LogReadError``
    if there is no attempt at all. ``remarks`` has looked at every attempt returned.
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
        self.remarks = Remarks()
        self._settings = settings
        self._run = _Choice("run", run_id, within="the input")
        self._tier = _Choice("tier", tier, within="the run")

    def __iter__(self) -> Iterator[AttemptRecord]:
        """Yield every attempt of the run and tier."""
        for record in self.reader:
            if self._run.takes(record.run_id) and self._tier.takes(self._tier_of(record)):
                self.remarks.add(record, self.reader.file)
                yield record
        if not self._run.counts:
            raise no_attempts(self.reader)
        self._run.check()
        self._tier.check()

    @property
    def run_id(self) -> str:
        """The run's id, once one of its attempts was read."""
        return self._run.name or ""

    @property
    def tier(self) -> str:
        """The tier's name, once one of its attempts was read."""
        return self._tier.name or ""

    def _tier_of(self, record: AttemptRecord) -> str:
        return record.tier or self._settings.tier_of(record.run_id)


class _Choice:
    """The run or tier whose attempts count: the one ``given``, else the only one."""

    def __init__(self, kind: str, given: str | None, *, within: str) -> None:
        self.name = given
        self.counts: Counter[str] = Counter()
        self._kind = kind
        self._within = within
        self._is_given = given is not None

    def takes(self, name: str) -> bool:
        """Count an attempt of ``name``, and return whether that is the chosen one."""
        self.counts[name] += 1
        if self.name is None:
            self.name = name
        return name == self.name

    def check(self) -> None:
        """Raise ``UsageError`` if a choice is missing, or the chosen one has no attempts."""
        if not self._is_given and len(self.counts) > 1:
            raise UsageError(
                f"{self._within} holds {len(self.counts):,} {self._kind}s; choose one with "
                f"--{self._kind}: {self._listed()}"
            )
        if self.name not in self.counts:
            raise UsageError(
                f"there is no attempt of the {self._kind} {self.name!r}; {self._within} holds "
                f"{self._listed()}"
            )

    def _listed(self) -> str:
        largest_first = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        named = [
            f"{name!r} ({count:,} attempt{'s' * (count > 1)})"
            for name, count in largest_first[:_MOST_NAMES]
        ]
        if len(self.counts) > _MOST_NAMES:
            named.append(f"and {len(self.counts) - _MOST_NAMES:,} more")
        return ", ".join(named)


def no_attempts(reader: LogReader) -> LogReadError:
    """Make the error for a reader that found no attempt."""
    return LogReadError(f"there is no valid attempt record in {', '.join(reader.names)}")
