"""Where the figures of a run's cohorts are heading: sentences, a table, and what cannot be told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from otel_persona.aggregation import Band
from otel_persona.analysis.run_trends import FigureCourse, RunTrends
from otel_persona.cli.bullets import bullets
from otel_persona.cli.cells import UNKNOWN
from otel_persona.cli.cohort_columns import COHORT_COLUMNS, cohort_cells, cohort_in_words
from otel_persona.cli.figure_words import difference_in_words, in_words
from otel_persona.cli.printing import counted, printable
from otel_persona.cli.tables import Column, FigureTable, coloured
from otel_persona.drift import TrendStatus

_MOST_SENTENCES = 10
_MOST_ROWS = 30
_NARROWED_BY = "--view CROSS_SECTIONAL or --target TARGET"
_BANDS: dict[TrendStatus, Band] = {"worse": "critical", "better": "healthy"}


def trend_view(trends: RunTrends) -> Iterator[RenderableType]:
    """Yield everything that is said about the trends up to a run."""
    judged = [course for course in trends.courses if course.trend.status in _BANDS]
    steady = [course for course in trends.courses if course.trend.status == "steady"]
    shown = judged + [course for course in steady if course.trend.reachable]
    yield Text(f"Trends up to run {printable(trends.run_id)}")
    yield from bullets("What is heading where, the worst first", list(_sentences(judged)))
    if shown:
        yield _table(shown)
    yield from bullets("What cannot be told", list(_undecided(trends)))


def _sentences(judged: Sequence[FigureCourse]) -> Iterator[str]:
    yield from map(_sentence, judged[:_MOST_SENTENCES])
    if len(judged) > _MOST_SENTENCES:
        yield f"and {len(judged) - _MOST_SENTENCES:,} more, in the table below"


def _sentence(course: FigureCourse) -> str:
    trend = course.trend
    return (
        f"{course.figure}: {_slope(course)} per run over {trend.n_runs} runs "
        f"({_first_and_last(course)}), {trend.status}, p {trend.p_value:.2g}, in "
        f"{cohort_in_words(course.key)}"
    )


def _slope(course: FigureCourse) -> str:
    return difference_in_words(course.figure, course.trend.slope_per_run)


def _first_and_last(course: FigureCourse) -> str:
    values = [value for value in course.trend.values if value is not None]
    return f"{in_words(course.figure, values[0])} -> {in_words(course.figure, values[-1])}"


def _table(courses: Sequence[FigureCourse]) -> FigureTable:
    return FigureTable(
        "Slopes per run (Theil and Sen) of figures that say something about quality, and their "
        "p-values (Mann and Kendall)",
        [
            Column("Figure", is_text=True),
            *COHORT_COLUMNS,
            Column("First -> last", is_text=True),
            Column("Slope"),
            Column("p"),
            Column("Status", is_text=True),
            Column("Runs", is_spare=True),
            Column("Least p", is_spare=True),
            Column("Needed", is_spare=True),
        ],
        [_row(course) for course in courses],
        most_rows=_MOST_ROWS,
        narrowed_by=_NARROWED_BY,
    )


def _row(course: FigureCourse) -> list[str | Text]:
    trend = course.trend
    band = _BANDS.get(trend.status)
    return [
        printable(course.figure),
        *cohort_cells(course.key),
        _first_and_last(course),
        _slope(course),
        _probability(trend.p_value),
        coloured(trend.status, band) if band else trend.status,
        f"{trend.n_runs}",
        _probability(trend.smallest_p),
        f"< {course.level:.2g}",
    ]


def _probability(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2g}"


def _undecided(trends: RunTrends) -> Iterator[str]:
    if trends.without:
        yield (
            f"{counted(len(trends.without), 'cohort')} of too few runs for a trend (the setting "
            f"trend_after), such as {cohort_in_words(trends.without[0])}"
        )
    statuses = Counter(course.trend.status for course in trends.courses)
    if statuses["insufficient"]:
        yield f"insufficient: {statuses['insufficient']:,} figures are known in too few runs"
    out_of_reach: defaultdict[int, list[FigureCourse]] = defaultdict(list)
    for course in trends.courses:
        if course.trend.status == "steady" and not course.trend.reachable and course.varies:
            out_of_reach[course.trend.n_runs].append(course)
    yield from (_out_of_reach(courses) for _, courses in sorted(out_of_reach.items()))


def _out_of_reach(courses: Sequence[FigureCourse]) -> str:
    """Say of figures that are known in the same number of runs why none can be judged."""
    nearest = min(courses, key=lambda course: course.trend.smallest_p or 0)
    cohorts = len({course.key for course in courses})
    return (
        f"out of reach: {counted(len(courses), 'figure')} of {counted(cohorts, 'cohort')} could "
        f"not be called anything but steady with so few runs: {nearest.trend.n_runs} runs give "
        f"p {nearest.trend.smallest_p:.2g} at least, and below {nearest.level:.2g} is needed"
    )
