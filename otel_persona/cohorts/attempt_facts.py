"""The facts of a cohort of attempts: the same live and from a log."""

from __future__ import annotations

from msgspec.structs import replace

from otel_persona.cohorts.tree import Cohort
from otel_persona.facts import CohortState, Facts, Fingerprints, cohort_figures
from otel_persona.settings import Prices


def facts_of_attempts(
    cohort: Cohort, state: CohortState, prices: Prices, prints: Fingerprints, *, complete: bool
) -> Facts:
    """Return what is known of a cohort from its attempts, of which there must be one.

    It ended with the last of them. ``prints`` are those of the run, without the data's.
    """
    return Facts(
        key=cohort.key,
        run_id=cohort.run_id,
        ended_at=state.end,
        complete=complete,
        figures=dict(cohort_figures(state, prices)),
        state=state,
        fingerprints=replace(prints, data_hash=f"{state.data_hash:032x}"),
    )
