"""How far a figure moved: OK, WARN or ALERT, and never for the better."""

from __future__ import annotations

import math
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.drift import FigureDrift, compare
from otel_persona.facts import Figure
from otel_persona.settings import Settings, load_settings
from tests.drift.made import facts

BOTH_WAYS = "a figure of the user's own"
CRITICAL = "horizon"

HUGE = int(sys.float_info.max)
numbers = st.one_of(
    st.integers(-HUGE, HUGE),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
figures = st.one_of(
    numbers, st.none(), st.booleans(), st.text(), st.just(math.nan), st.just(math.inf)
)


def moved(
    current: Figure, baseline: Figure, name: str = BOTH_WAYS, settings: Settings | None = None
) -> FigureDrift:
    """Compare one figure."""
    comparison = compare(
        facts({name: current}, "now"), facts({name: baseline}, "before"), settings or Settings()
    )
    return comparison.metrics[name]


@pytest.mark.parametrize(
    ("current", "baseline", "tier"),
    [
        (104, 100, "OK"),
        (105, 100, "WARN"),
        (0.21, 0.20, "WARN"),  # in floats a little less than 5%
        (119, 100, "WARN"),
        (120, 100, "ALERT"),
        (0.24, 0.20, "ALERT"),
        (95, 100, "WARN"),
        (80, 100, "ALERT"),
        (-105, -100, "WARN"),
        (-100, 100, "ALERT"),
        (0.009, 0, "OK"),
        (0.01, 0, "WARN"),
        (0.1, 0.0, "ALERT"),
        (-0.1, 0.0, "ALERT"),
    ],
)
def test_a_change_that_equals_a_limit_is_in_the_worse_tier(
    current: float, baseline: float, tier: str
) -> None:
    """5% and 20% of the baseline, 0.01 and 0.10 where it is zero, as readers write them."""
    assert moved(current, baseline).tier == tier


@pytest.mark.parametrize(
    ("current", "baseline", "tier"),
    [
        (100.9, 100, "OK"),
        (101, 100, "WARN"),
        (103, 100, "ALERT"),
        (0.0009, 0, "OK"),
        (0.001, 0, "WARN"),
        (0.01, 0, "ALERT"),
    ],
)
def test_a_critical_figure_has_closer_limits(current: float, baseline: float, tier: str) -> None:
    """1% and 3%, 0.001 and 0.01."""
    drift = moved(current, baseline, CRITICAL)
    assert (drift.tier, drift.is_critical) == (tier, True)


def test_limits_and_critical_figures_come_from_the_settings() -> None:
    """Each team has figures of its own that must not move."""
    limits = {"warning": 0.5, "alert": 0.6}
    drift = {"limits": limits, "critical": ["seed_count"], "critical_limits": {"alert": 0.02}}
    settings = load_settings({"safety": {"telemetry": {"drift": drift}}})
    assert moved(140, 100, settings=settings).tier == "OK"
    assert moved(102, 100, "seed_count", settings).tier == "ALERT"
    assert not moved(102, 100, CRITICAL, settings).is_critical


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("repair_rate", 0.9),
        ("repairs_per_attempt.trait_leak", 0.9),
        ("p95_latency_success_ms", 0.9),
        ("cost_usd_per_success", 0.9),
        ("top_opening_move_share", 0.9),
        ("mean_validator_scores.trait_leak", 0.9),
        ("mean_validator_scores.pollyanna", 0.9),
        ("success_rate", 0.1),
        ("opening_move_entropy", 0.1),
        ("anchors_rarefied_150", 0.1),
        ("mean_validator_scores.opening_variation", 0.1),
        ("mean_validator_scores.anchor_specificity", 0.1),
    ],
)
def test_only_a_change_for_the_worse_alarms(name: str, worse: float) -> None:
    """The directions of the validators and figures, each way: better is never worse than OK."""
    assert moved(worse, 0.5, name).tier == "ALERT"
    assert moved(1 - worse, 0.5, name).tier == "OK"


@given(current=numbers, baseline=numbers, name=st.sampled_from(["repair_rate", "success_rate"]))
def test_better_is_never_a_warning(current: float, baseline: float, name: str) -> None:
    """Whatever the size of the change, and also from and to zero."""
    is_better = current < baseline if name == "repair_rate" else current > baseline
    if is_better or current == baseline:
        assert moved(current, baseline, name).tier == "OK"


@pytest.mark.parametrize("current", [0.1, 0.9])
def test_a_band_alarms_both_ways(current: float) -> None:
    """A figure that nobody gave a direction may change for the worse either way."""
    assert moved(current, 0.5).tier == "ALERT"
    assert moved(current, 0.5).direction == "band"


@pytest.mark.parametrize("name", ["n_attempts", "total_tokens", "mean_validator_scores.unknown"])
def test_a_figure_without_direction_never_alarms(name: str) -> None:
    """Ten times as many attempts, and an unknown validator's score, say nothing of quality."""
    drift = moved(10_000, 1_000, name)
    assert (drift.tier, drift.direction, drift.rel_delta) == ("OK", None, 9.0)


def test_a_figure_that_the_settings_call_critical_alarms_also_without_direction() -> None:
    """Who names a volume critical wants to know that it changed."""
    settings = load_settings({"safety": {"telemetry": {"drift": {"critical": ["n_attempts"]}}}})
    assert moved(900, 1_000, "n_attempts", settings).tier == "ALERT"


def test_the_direction_of_an_unknown_validator_may_be_set() -> None:
    """The settings give it one, and then it alarms that way alone."""
    settings = load_settings({"directions": {"readability": "higher_is_better"}})
    name = "mean_validator_scores.readability"
    assert moved(0.1, 0.5, name, settings).tier == "ALERT"
    assert moved(0.9, 0.5, name, settings).tier == "OK"


@pytest.mark.parametrize("name", [BOTH_WAYS, CRITICAL])
def test_both_zero_is_said_of_critical_figures_too(name: str) -> None:
    """Zero before and zero now is no change, and no undefined one."""
    drift = moved(0, 0.0, name)
    assert (drift.rel_delta_status, drift.tier, drift.delta) == ("both_zero", "OK", 0)
    assert drift.rel_delta is None


@pytest.mark.parametrize("name", [BOTH_WAYS, CRITICAL])
def test_a_true_zero_is_a_value(name: str) -> None:
    """Zero now is a fall by all of the baseline; zero before leaves only the change itself."""
    gone = moved(0, 4, name)
    assert (gone.current, gone.rel_delta, gone.tier) == (0, -1.0, "ALERT")
    came = moved(4, 0, name)
    assert (came.baseline, came.delta, came.rel_delta) == (0, 4, None)
    assert (came.rel_delta_status, came.tier) == ("undefined_zero_baseline", "ALERT")


@pytest.mark.parametrize(
    ("current", "baseline"), [(0.5, 5e-324), (1e300, 1e-300), (10**18, 1e-300)]
)
def test_a_baseline_next_to_zero_is_like_zero(current: float, baseline: float) -> None:
    """The relative change is beyond every float, and the change itself alarms."""
    drift = moved(current, baseline)
    assert (drift.delta, drift.rel_delta) == (current, None)
    assert (drift.rel_delta_status, drift.tier) == ("undefined_zero_baseline", "ALERT")


@pytest.mark.parametrize("name", [BOTH_WAYS, CRITICAL])
def test_a_bool_stays_a_bool(name: str) -> None:
    """True is not 1.0: it is kept as it is, and not compared as a number."""
    drift = moved(True, True, name)
    assert drift.current is True
    assert (drift.comparable, drift.changed, drift.tier) == (False, False, "OK")
    assert moved(True, 1, name).changed


def test_a_delta_between_whole_numbers_is_exact() -> None:
    """Beyond 2**53 floats would see no change."""
    assert moved(2**53 + 1, 2**53).delta == 1
    assert isinstance(moved(2**53 + 1, 2**53).delta, int)


def test_a_relative_change_has_the_sign_of_the_change() -> None:
    """A loss that got deeper fell, also relative to a baseline below zero."""
    assert moved(-3, -2).delta == -1
    assert moved(-3, -2).rel_delta == -0.5


@pytest.mark.parametrize(
    ("current", "baseline", "reason"),
    [
        ("v2", "v1", "'v2' is not a finite number"),
        (True, False, "True is not a finite number"),
        (0.5, math.nan, "nan is not a finite number"),
        (-math.inf, 0.5, "-inf is not a finite number"),
        (None, 0.5, "no value in the current run"),
        (0.5, None, "no value in the baseline"),
        (None, None, "no value in the current run and the baseline"),
        pytest.param(10**308, -(10**308), "the change is beyond every float", id="huge-huge"),
        (-1.7e308, 1.7e308, "the change is beyond every float"),
        pytest.param(HUGE, -1.7e308, "the change is beyond every float", id="huge-float"),
    ],
)
def test_what_is_no_number_is_kept_and_not_compared(
    current: Figure, baseline: Figure, reason: str
) -> None:
    """It is shown with the reason, and alarms nobody."""
    drift = moved(current, baseline)
    assert (drift.comparable, drift.reason, drift.tier) == (False, reason, "OK")
    assert (drift.delta, drift.rel_delta, drift.rel_delta_status) == (None, None, None)


@pytest.mark.parametrize(
    ("current", "baseline", "tier"),
    [
        ("purged", "purged", "OK"),
        ("purged", "none", "ALERT"),
        (True, False, "ALERT"),
        (True, 1, "ALERT"),
        (math.nan, 0.5, "ALERT"),
        (math.nan, math.nan, "OK"),
        (1e308, -1e308, "ALERT"),
        (None, "purged", "WARN"),
        (0, None, "WARN"),
    ],
)
def test_a_critical_figure_that_changed_alarms_whatever_its_type(
    current: Figure, baseline: Figure, tier: str
) -> None:
    """A guard that was switched off is an alert; one that only one side has is a warning."""
    assert moved(current, baseline, CRITICAL).tier == tier


@given(
    current=figures, baseline=figures, name=st.sampled_from([BOTH_WAYS, CRITICAL, "repair_rate"])
)
def test_any_two_figures_can_be_compared(current: Any, baseline: Any, name: str) -> None:
    """No value breaks a comparison, and a figure against itself is always OK."""
    drift = moved(current, baseline, name)
    assert drift.comparable == (drift.delta is not None)
    assert drift == msgspec.json.decode(msgspec.json.encode(drift), type=FigureDrift)
    assert moved(baseline, baseline, name).tier == "OK"


def test_figures_of_either_side_are_all_there_in_order() -> None:
    """Nothing that only one run has disappears from the comparison."""
    comparison = compare(
        facts({"b": 1, "a": 2}, "now"), facts({"c": 3, "a": 2}, "before"), Settings()
    )
    assert list(comparison.metrics) == ["a", "b", "c"]
