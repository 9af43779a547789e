"""Where each figure of a cohort is heading, over its runs.

The position of a run is its place among all of them, so a run without the figure leaves a gap;
nothing depends on when the trend is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from otel_persona.drift.mann_kendall import MannKendall, mann_kendall
from otel_persona.drift.theil_sen import theil_sen_slope
from otel_persona.drift.tiers import got_worse
from otel_persona.facts import Figure, direction_of, is_number
from otel_persona.settings import Direction, Settings

_USUAL_RUNS = 30

TrendStatus = Literal["worse", "better", "steady", "unjudged", "insufficient"]
"""``steady``: no more than chance; ``unjudged``: a figure that says nothing about quality;
``insufficient``: too few runs have it."""


class Run(Protocol):
    """What a trend needs of a run's facts."""

    @property
    def run_id(self) -> str:
        """The run."""

    @property
    def ended_at(self) -> str:
        """The run's own end, in canonical form."""

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The figures of the cohort."""


class FigureTrend(msgspec.Struct, kw_only=True, frozen=True):
    """The trend of one figure.

    ``slope_per_run`` is Theil's and Sen's, in the figure's unit. ``p_value`` is Mann's and
    Kendall's, exact; it decides if it is below the trend's ``alpha`` divided by its ``tests``.
    ``smallest_p`` is what these values could reach in the best of orders, and ``reachable`` whether
    that is enough. ``values`` has one value for each run, ``None`` where there is no number.
    """

    direction: Direction | None
    n_runs: int
    status: TrendStatus
    slope_per_run: float | None = None
    p_value: float | None = None
    smallest_p: float | None = None
    reachable: bool = False
    values: list[float | None]


class Trend(msgspec.Struct, kw_only=True, frozen=True):
    """The trends of a cohort's figures over ``runs``, oldest first.

    ``tests`` is how many figures have a direction and enough values to be judged, and ``alpha`` the
    probability that any of them is called worse or better without a trend.
    """

    runs: list[str]
    alpha: float
    tests: int
    figures: dict[str, FigureTrend]


def runs_in_trend(settings: Settings) -> int:
    """Return how many of the newest runs a trend uses at most."""
    return max(settings.safety.telemetry.trend_after, _USUAL_RUNS)


def trend_of(runs: Sequence[Run], settings: Settings) -> Trend:
    """Compute the trends over the newest of these runs of one cohort, given in any order."""
    ordered = sorted(runs, key=lambda run: (run.ended_at, run.run_id))[-runs_in_trend(settings) :]
    telemetry = settings.safety.telemetry
    names = sorted({name for run in ordered for name in run.figures})
    series = {name: [_number(run.figures.get(name)) for run in ordered] for name in names}
    enough = {name for name in names if _count(series[name]) >= telemetry.trend_after}
    directions = {name: direction_of(name, settings) for name in names}
    tests = sum(directions[name] is not None for name in enough)
    level = telemetry.drift.alpha / max(tests, 1)
    return Trend(
        runs=[run.run_id for run in ordered],
        alpha=telemetry.drift.alpha,
        tests=tests,
        figures={
            name: _judged(series[name], directions[name], level)
            if name in enough
            else _insufficient(series[name], directions[name])
            for name in names
        },
    )


def _number(value: Figure) -> float | None:
    return value if is_number(value) else None


def _count(values: list[float | None]) -> int:
    return sum(value is not None for value in values)


def _insufficient(values: list[float | None], direction: Direction | None) -> FigureTrend:
    return FigureTrend(
        direction=direction, n_runs=_count(values), status="insufficient", values=values
    )


def _judged(values: list[float | None], direction: Direction | None, level: float) -> FigureTrend:
    points = [(place, value) for place, value in enumerate(values) if value is not None]
    test = mann_kendall([value for _, value in points])
    return FigureTrend(
        direction=direction,
        n_runs=len(points),
        status=_status(test, direction, level),
        slope_per_run=theil_sen_slope(points),
        p_value=test.p_value,
        smallest_p=test.smallest_p,
        reachable=test.smallest_p < level,
        values=values,
    )


def _status(test: MannKendall, direction: Direction | None, level: float) -> TrendStatus:
    if direction is None:
        return "unjudged"
    if test.p_value >= level:
        return "steady"
    return "worse" if got_worse(test.score, direction) else "better"
