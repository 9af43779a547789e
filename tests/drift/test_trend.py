"""Where figures are heading over the runs of a cohort."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.drift import FigureTrend, Trend, runs_in_trend, trend_of
from otel_persona.facts import Facts, Figure
from otel_persona.settings import Settings, load_settings
from tests.drift.made import facts


def runs_with(name: str, values: list[Figure]) -> list[Facts]:
    """Make one run for each value of a figure, oldest first."""
    return [facts({name: value}, f"run {i:02}", ended=i + 1) for i, value in enumerate(values)]


def trend_in(name: str, values: list[Figure], settings: Settings | None = None) -> FigureTrend:
    """Compute the trend of one figure."""
    return trend_of(runs_with(name, values), settings or Settings()).figures[name]


@pytest.mark.parametrize(
    ("name", "rising", "falling"),
    [
        ("repair_rate", "worse", "better"),
        ("success_rate", "better", "worse"),
        ("mean_validator_scores.opening_variation", "better", "worse"),
        ("a figure of the user's own", "worse", "worse"),
        ("n_attempts", "unjudged", "unjudged"),
    ],
)
def test_a_trend_says_whether_the_figure_got_worse(name: str, rising: str, falling: str) -> None:
    """A slope alone does not: a falling repair rate is good news."""
    up = trend_in(name, [0.1 * i for i in range(8)])
    down = trend_in(name, [-0.1 * i for i in range(8)])
    assert (up.status, down.status) == (rising, falling)
    assert (up.slope_per_run, down.slope_per_run) == pytest.approx((0.1, -0.1))


def test_five_runs_cannot_reach_the_level() -> None:
    """Even five that only rise have p 0.017: the trend says that this many runs cannot tell."""
    trend = trend_in("repair_rate", [1, 2, 3, 4, 5])
    assert trend.p_value == trend.smallest_p == pytest.approx(2 / math.factorial(5))
    assert (trend.status, trend.reachable) == ("steady", False)


def test_six_runs_of_one_figure_can() -> None:
    """2/720 is below 0.01."""
    trend = trend_in("repair_rate", [1, 2, 3, 4, 5, 6])
    assert (trend.status, trend.reachable) == ("worse", True)


@pytest.mark.parametrize(
    ("alpha", "reachable"), [(0.0165, False), (2 / 120, False), (0.0167, True)]
)
def test_what_five_runs_can_reach_is_told_to_the_point(alpha: float, reachable: bool) -> None:
    """Their smallest p-value is 2/120: it has to be below the level, not near it."""
    settings = load_settings({"safety": {"telemetry": {"drift": {"alpha": alpha}}}})
    trend = trend_in("repair_rate", [1, 2, 3, 4, 5], settings)
    assert (trend.reachable, trend.status) == (reachable, "worse" if reachable else "steady")


def test_many_figures_need_more_runs() -> None:
    """Each of ten figures is tested at a tenth of the level: six runs no longer reach it."""
    names = [f"figure {i}" for i in range(10)]
    runs = [facts(dict.fromkeys(names, i), f"run {i}", ended=i + 1) for i in range(7)]
    six, seven = trend_of(runs[:6], Settings()), trend_of(runs, Settings())
    assert (six.tests, six.alpha) == (10, 0.01)
    assert {trend.reachable for trend in six.figures.values()} == {False}
    assert {trend.status for trend in seven.figures.values()} == {"worse"}


def test_figures_that_are_not_judged_are_no_tests() -> None:
    """Volumes and figures with too few values take nothing from the level."""
    runs = [
        facts({"repair_rate": i, "n_attempts": i} | ({"late": i} if i > 3 else {}), str(i), ended=i)
        for i in range(1, 7)
    ]
    trend = trend_of(runs, Settings())
    assert trend.tests == 1
    assert [trend.figures[name].status for name in ("repair_rate", "n_attempts", "late")] == [
        *("worse", "unjudged", "insufficient")
    ]


def test_too_few_runs_have_no_trend() -> None:
    """Below the setting's number of runs there are values, and no slope."""
    trend = trend_in("repair_rate", [1, 2, 3, 4])
    assert (trend.status, trend.n_runs, trend.slope_per_run) == ("insufficient", 4, None)
    settings = load_settings({"safety": {"telemetry": {"trend_after": 4}}})
    assert trend_in("repair_rate", [1, 2, 3, 4], settings).slope_per_run == 1


def test_a_run_without_the_figure_keeps_its_place() -> None:
    """A gap is a gap: a figure that rose by 1 per run still does."""
    trend = trend_in("repair_rate", [0, None, None, 3, 4, 5, True, 7, math.nan, 9])
    assert trend.slope_per_run == 1
    assert trend.values == [0, None, None, 3, 4, 5, None, 7, None, 9]
    assert trend.n_runs == 6


@given(st.permutations(runs_with("repair_rate", [3, 1, 4, 1, 5, 9, 2, 6])))
def test_the_order_in_which_runs_are_given_changes_nothing(runs: list[Facts]) -> None:
    """Runs count by their own end, whatever a folder lists first."""
    trend = trend_of(runs, Settings())
    assert trend == trend_of(sorted(runs, key=lambda run: run.run_id), Settings())
    assert trend.figures["repair_rate"].values == [3, 1, 4, 1, 5, 9, 2, 6]


def test_runs_that_end_together_count_by_their_id() -> None:
    """There is always one order."""
    runs = [facts({"repair_rate": i}, f"run {i}") for i in range(6)]
    assert trend_of(runs[::-1], Settings()).runs == [run.run_id for run in runs]


def test_a_trend_uses_the_newest_runs() -> None:
    """A tree of a thousand runs costs no more than a window of them."""
    values: list[Figure] = [100.0] * 20 + [float(i) for i in range(30)]
    runs = [
        msgspec.structs.replace(facts({"repair_rate": value}, f"{i:03}"), ended_at=f"2026-{i:03}")
        for i, value in enumerate(values)
    ]
    trend = trend_of(runs, Settings())
    assert trend.runs == [run.run_id for run in runs[-30:]]
    assert trend.figures["repair_rate"].slope_per_run == 1
    assert runs_in_trend(Settings()) == 30
    assert runs_in_trend(load_settings({"safety": {"telemetry": {"trend_after": 40}}})) == 40


def test_one_run_or_none_is_no_error() -> None:
    """A tree at its beginning has nothing to say yet."""
    assert trend_of([], Settings()) == Trend(runs=[], alpha=0.01, tests=0, figures={})
    assert trend_in("repair_rate", [1]).status == "insufficient"


def test_a_trend_is_json_that_can_be_read_back() -> None:
    """What a sidecar holds is the whole trend."""
    trend = trend_of(runs_with("repair_rate", [1, None, 2.5, 3, 4, 5]), Settings())
    assert msgspec.json.decode(msgspec.json.encode(trend), type=Trend) == trend
