"""The facts of one cohort of one run, and of several runs together."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TypeGuard

import msgspec

from otel_persona.aggregation.exact_sum import ExactSum, in_units
from otel_persona.facts.cohort_key import CohortKey
from otel_persona.facts.cohort_state import CohortState
from otel_persona.facts.figures import cohort_figures
from otel_persona.facts.fingerprints import Fingerprints
from otel_persona.settings import Prices

Figure = bool | int | float | str | None
"""A figure; what is not a number is kept and not averaged."""


class Facts(msgspec.Struct, kw_only=True, frozen=True):
    """What is known of one cohort of one run.

    ``ended_at`` is the run's own end, in canonical form. ``complete`` says whether the run had
    ended. ``state`` is ``None`` for figures that come from no attempts.
    """

    key: CohortKey
    run_id: str
    ended_at: str
    complete: bool = True
    figures: dict[str, Figure]
    state: CohortState | None = None
    fingerprints: Fingerprints = Fingerprints()


def merged(runs: Sequence[Facts], prices: Prices) -> Facts:
    """Join the facts of one cohort over several runs, in order, under the last one's name.

    With attempts in all of them, the figures are those of all attempts together. Otherwise each
    is the mean over the runs in which it is a number, or the last run's value if it never is.
    Fingerprints that differ between the runs are ``None``. A single run stays as it is.
    """
    last = runs[-1]
    if len(runs) == 1:
        return last
    state = _merged_state(runs)
    figures = dict(_means(runs)) if state is None else dict(cohort_figures(state, prices))
    prints = _common([run.fingerprints for run in runs])
    if state is not None:
        prints = msgspec.structs.replace(prints, data_hash=f"{state.data_hash:032x}")
    return msgspec.structs.replace(
        last,
        complete=all(run.complete for run in runs),
        figures=figures,
        state=state,
        fingerprints=prints,
    )


def _merged_state(runs: Sequence[Facts]) -> CohortState | None:
    together = CohortState()
    for run in runs:
        if run.state is None:
            return None
        together.merge(run.state)
    return together


def _means(runs: Sequence[Facts]) -> dict[str, Figure]:
    names = dict.fromkeys(name for run in runs for name in run.figures)
    return {
        name: _mean([run.figures[name] for run in runs if name in run.figures]) for name in names
    }


def _mean(values: list[Figure]) -> Figure:
    numbers = [value for value in values if is_number(value)]
    if not numbers:
        return values[-1]
    if len(set(numbers)) == 1:
        return numbers[0]
    total = ExactSum()
    for number in numbers:
        total.add(in_units(number))
    return total.mean()


def is_number(value: Figure) -> TypeGuard[float]:
    """Whether a figure can be compared: a finite number, and no bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _common(prints: list[Fingerprints]) -> Fingerprints:
    fields = {
        name: getattr(prints[0], name)
        if len({getattr(each, name) for each in prints}) == 1
        else None
        for name in Fingerprints.__struct_fields__
    }
    return Fingerprints(**fields)
