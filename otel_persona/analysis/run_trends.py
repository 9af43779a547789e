"""Where the figures of a run's cohorts are heading, from the trend sidecars, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from otel_persona.analysis.sidecar_files import CohortTrend
from otel_persona.drift import FigureTrend, Trend
from otel_persona.facts import CohortKey

_STATUSES = ("worse", "better", "steady", "unjudged", "insufficient")


class FigureCourse(msgspec.Struct, frozen=True):
    """The trend of one figure of a cohort, and that of the cohort, which names the runs."""

    key: CohortKey
    figure: str
    trend: FigureTrend
    of_cohort: Trend

    @property
    def level(self) -> float:
        """The p-value below which it is called worse or better."""
        return self.of_cohort.alpha / max(self.of_cohort.tests, 1)

    @property
    def varies(self) -> bool:
        """Whether its values differ; one that is the same in all runs needs no more of them."""
        return len({value for value in self.trend.values if value is not None}) > 1

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return what sorts the worst first: by status, then by p-value."""
        p_value = 1.0 if self.trend.p_value is None else self.trend.p_value
        return (_STATUSES.index(self.trend.status), p_value, self.figure, str(self.key))

    def document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            **msgspec.to_builtins(self.key),
            "figure": self.figure,
            "level": self.level,
            "runs": self.of_cohort.runs,
            **msgspec.to_builtins(self.trend),
        }


class RunTrends(msgspec.Struct, frozen=True):
    """The trends up to one run; ``without`` are the cohorts that have too few runs for one."""

    run_id: str
    courses: list[FigureCourse]
    without: list[CohortKey]

    def document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "run_id": self.run_id,
            "figures": [course.document() for course in self.courses],
            "without": msgspec.to_builtins(self.without),
        }


def trends_of_run(cohorts: Sequence[CohortTrend]) -> RunTrends:
    """Put together the trends of a run's cohorts, of which there must be one."""
    courses = (
        FigureCourse(cohort.key, name, figure, trend)
        for cohort, trend in cohorts
        if trend is not None
        for name, figure in trend.figures.items()
    )
    return RunTrends(
        run_id=cohorts[0].cohort.run_id,
        courses=sorted(courses, key=lambda course: course.rank),
        without=[cohort.key for cohort, trend in cohorts if trend is None],
    )
