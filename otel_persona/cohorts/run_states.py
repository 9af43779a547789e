"""The cohorts that a run's attempts belong to, while they come in: live or from a log."""

from __future__ import annotations

from collections.abc import Iterator

from otel_persona.facts import CohortKey, CohortState
from otel_persona.records import AttemptRecord
from otel_persona.settings import Settings

_Segment = tuple[str, str, str | None]


class RunStates:
    """The states of one run's cohorts; each attempt is folded once, whatever the views are.

    An attempt's target is its own, else that of the settings, else its tier; its symbol is its
    own, else that of the settings, else it has none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._segments: dict[_Segment, CohortState] = {}

    def add(self, record: AttemptRecord) -> None:
        """Fold an attempt."""
        settings = self._settings
        segment = (
            record.stage,
            record.target
            or settings.target
            or record.tier
            or settings.tier_of(record.run_id),
            record.symbol or settings.symbol,
        )
        state = self._segments.get(segment)
        if state is None:
            state = self._segments[segment] = CohortState()
        state.add(record)

    def cohorts(self) -> Iterator[tuple[CohortKey, CohortState]]:
        """Yield each cohort with its state: those of each symbol, and all of a target together."""
        pooled: dict[tuple[str, str], CohortState] = {}
        for (stage, target, symbol), state in sorted(self._segments.items(), key=_by_name):
            pooled.setdefault((stage, target), CohortState()).merge(state)
            if symbol is not None:
                yield CohortKey(stage, "SYMBOL_SPECIFIC", target, symbol), state
        for (stage, target), state in pooled.items():
            yield CohortKey(stage, "CROSS_SECTIONAL", target), state


def _by_name(item: tuple[_Segment, CohortState]) -> tuple[str, str, str]:
    stage, target, symbol = item[0]
    return stage, target, symbol or ""
