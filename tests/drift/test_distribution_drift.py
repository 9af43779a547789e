"""Which distributions have drifted: over the threshold, and not by chance."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from otel_persona.drift import distribution_of
from otel_persona.drift.distribution_drift import distribution_drifts
from otel_persona.facts import Categories, CohortState, Distribution
from otel_persona.settings import Settings, SidecarDrift
from tests.drift.made import drift_of, named, opened, scored
from tests.facts.drawn import drawn_attempts, folded

MOVES = np.array(["situational_hook", "contrast", "value", "micro_story", "preference_statement"])


def moves(counts: list[int]) -> CohortState:
    """Make a cohort whose opening moves have these counts."""
    return opened(np.repeat(MOVES[: len(counts)], counts).tolist())


def scores(n: int, mean: float = 0.5, seed: int = 1) -> CohortState:
    """Make a cohort with so many scores around a mean."""
    return scored(distribution_of(np.random.default_rng(seed).normal(mean, 0.1, n)))


def test_a_collapse_into_one_opening_is_drift() -> None:
    """Half of all personas opening alike is found, with its distance, noise and sizes."""
    drift = drift_of(moves([600, 100, 100, 100, 100]), moves([2_000] * 5))
    assert (drift.kind, drift.status, drift.psi_status) == ("categorical", "drift", "drift")
    assert (drift.n_current, drift.n_baseline) == (1_000, 10_000)
    assert drift.psi == pytest.approx(0.713, abs=0.01)
    assert drift.psi_noise_floor == pytest.approx(4 * (1 / 1_000 + 1 / 10_000))
    assert drift.psi_over_threshold
    assert drift.reason is not None
    assert drift.reason.startswith("PSI 0.713 is over 0.2, and the p-value ")
    assert drift.reason.endswith(" is below 0.01")
    assert (drift.ks, drift.ks_status) == (None, None)


def test_a_rise_of_a_score_is_drift_in_both_distances() -> None:
    """A tone that is 0.06 sunnier is found by PSI and KS."""
    drift = drift_of(scores(1_000, 0.56), scores(10_000, 0.5, seed=2))
    assert (drift.kind, drift.status) == ("numeric", "drift")
    assert (drift.psi_status, drift.ks_status) == ("drift", "drift")
    assert drift.ks_noise_floor == pytest.approx(0.0288, abs=0.0001)


def test_a_move_that_was_never_made_before_is_drift() -> None:
    """A new category is a category."""
    assert drift_of(moves([500, 0, 500]), moves([5_000, 5_000])).status == "drift"


def test_a_score_that_was_always_the_same_and_is_no_more_is_drift() -> None:
    """A baseline without any spread has deciles too."""
    drift = drift_of(scored([0.0] * 700 + [1.0] * 300), scored([0.0] * 10_000))
    assert (drift.psi_status, drift.ks_status) == ("drift", "drift")


@pytest.mark.parametrize(
    ("n", "m", "psi", "ks"),
    [
        (249, 100_000, "insufficient", "insufficient"),
        (250, 2_500, "ok", "insufficient"),
        (2_500, 250, "ok", "insufficient"),
        (250, 2_499, "insufficient", "insufficient"),
        (349, 349, "insufficient", "insufficient"),
        (350, 350, "ok", "insufficient"),
        (499, 100_000, "ok", "insufficient"),
        (500, 5_000, "ok", "ok"),
        (999, 999, "ok", "insufficient"),
        (1_000, 1_000, "ok", "ok"),
    ],
)
def test_samples_that_are_too_small_are_called_insufficient(
    n: int, m: int, psi: str, ks: str
) -> None:
    """PSI: 350 each, or 250 against ten times as many; KS: 1,000 each, or 500."""
    drift = drift_of(scores(n), scores(m, seed=2))
    assert (drift.psi_status, drift.ks_status) == (psi, ks)
    assert drift.status == ("ok" if "ok" in (psi, ks) else "insufficient")


def test_what_is_insufficient_says_what_it_needs() -> None:
    """150 attempts each carry neither distance, and both say so beside their values."""
    drift = drift_of(scores(150), scores(150, seed=2))
    assert drift.reason == (
        "PSI needs 350 values on the smaller side, not 150; "
        "KS needs 1000 values on the smaller side, not 150"
    )
    assert (drift.status, drift.suspect) == ("insufficient", False)


def test_too_few_values_that_chance_does_not_explain_are_suspect() -> None:
    """One opening in place of many is no matter of chance, though 150 attempts cannot decide."""
    drift = drift_of(scores(150, 0.9), scores(150, seed=2))
    assert (drift.status, drift.suspect) == ("insufficient", True)
    assert drift.psi_over_threshold
    assert drift.ks_over_threshold
    assert drift.reason is not None
    assert "not 150; PSI 4.97 is over 0.2, and the p-value" in drift.reason


def test_what_one_attempt_mentions_belongs_together() -> None:
    """Three anchors of one region in each attempt are no three times as many independent ones."""

    def regional(attempts: int, seed: int) -> CohortState:
        regions = np.random.default_rng(seed).integers(0, 25, attempts)
        anchors = np.concatenate([regions * 10 + place for place in range(3)])
        return CohortState(attempts=attempts, anchors=named(anchors.astype(str).tolist()))

    pairs = [drift_of(regional(120, seed), regional(120, -seed % 999)) for seed in range(1, 100)]
    assert {(drift.n_current, drift.n_baseline) for drift in pairs} == {(120, 120)}
    assert not any(drift.suspect or drift.status == "drift" for drift in pairs)


def beta(mean: float, n: int = 4_000, seed: int = 1) -> Distribution:
    """Draw scores around a mean, from 0 to 1."""
    return distribution_of(np.random.default_rng(seed).beta(20 * mean, 20 * (1 - mean), n))


@pytest.mark.parametrize(
    ("validator", "mean", "verdict"),
    [
        ("trait_leak", 0.6, "worse"),
        ("trait_leak", 0.4, "better"),
        ("opening_variation", 0.6, "better"),
        ("opening_variation", 0.4, "worse"),
        ("readability", 0.4, "unjudged"),
        ("tone", 0.4, "changed"),
    ],
)
def test_a_drift_says_which_way_it_went(validator: str, mean: float, verdict: str) -> None:
    """An improvement is not told as a collapse, and an unknown validator never alarms."""
    current, baseline = (
        CohortState(scores={validator: scored}) for scored in (beta(mean), beta(0.5, seed=2))
    )
    settings = Settings(directions={"tone": "band"})
    drift = distribution_drifts(current, baseline, settings).distributions[f"score.{validator}"]
    assert (drift.status, drift.verdict) == ("drift", verdict)


def test_numbers_that_spread_both_ways_are_no_improvement() -> None:
    """Half of the latencies shorter and half of them much longer is a change, whatever the mean."""
    spread = np.random.default_rng(1).normal(0.5, 0.3, 4_000)
    narrow = np.random.default_rng(2).normal(0.5, 0.1, 4_000)
    current, baseline = (
        CohortState(success_latencies=distribution_of(np.abs(drawn))) for drawn in (spread, narrow)
    )
    drifts = distribution_drifts(current, baseline, Settings()).distributions
    assert drifts["latency_success_ms"].verdict == "changed"


@pytest.mark.parametrize(("repaired", "verdict"), [(600, "worse"), (20, "better")])
def test_a_rate_that_moved_is_a_distribution_that_did(repaired: int, verdict: str) -> None:
    """Repairs from one in five to three in five are drift with a p-value, and back is better."""
    current, baseline = (
        CohortState(
            attempts=1_000,
            repaired=times,
            statuses=Categories({"success": 1_000 - times, "fail": times}),
        )
        for times in (repaired, 200)
    )
    drifts = distribution_drifts(current, baseline, Settings()).distributions
    for name in ("repaired", "status"):
        assert (drifts[name].status, drifts[name].verdict) == ("drift", verdict)


def test_failures_of_another_kind_are_a_change() -> None:
    """As many successes as before are neither better nor worse; that the rest moved is told."""
    current, baseline = (
        CohortState(attempts=1_000, statuses=Categories({"success": 500, other: 500}))
        for other in ("fail", "repair")
    )
    drift = distribution_drifts(current, baseline, Settings()).distributions["status"]
    assert (drift.status, drift.verdict) == ("drift", "changed")


def test_only_the_twenty_most_frequent_anchors_have_a_bin() -> None:
    """The 21st is in the rest: that it took the place of the 22nd is no distance."""
    frequent = {f"anchor {number}": 200 for number in range(20)}
    current, baseline = (
        CohortState(attempts=4_150, anchors=Categories(frequent | {"x": x, "y": 150 - x}))
        for x in (100, 50)
    )
    drift = drift_of(current, baseline)
    assert (drift.n_current, drift.n_baseline) == (4_150, 4_150)
    assert drift.psi == 0
    assert drift.psi_noise_floor == pytest.approx(20 * 2 / 4_150)


def test_what_is_rare_is_decided_by_attempts_not_by_mentions() -> None:
    """Ten anchors in each of 60 attempts: thirty mentions of one may be those of three attempts."""
    state = CohortState(attempts=60, anchors=Categories({"a": 540, "b": 30, "c": 30}))
    drift = drift_of(state, state)
    assert (drift.n_current, drift.n_baseline) == (60, 60)
    assert drift.psi_noise_floor == pytest.approx(1 * 2 / 60)  # b and c share a bin


def test_over_the_threshold_by_chance_is_no_drift() -> None:
    """The raw flag stands beside the decision, and the reason gives the p-value."""
    few = SidecarDrift(psi_threshold=0.01)
    drift = drift_of(moves([100, 130, 120]), moves([120, 120, 110]), few)
    assert (drift.status, drift.psi_over_threshold) == ("ok", True)
    assert drift.reason is not None
    assert drift.reason.endswith(" is not below 0.01")


def test_a_small_change_that_is_certain_is_no_drift() -> None:
    """With a hundred thousand attempts everything is significant; the threshold still counts."""
    drift = drift_of(moves([52_000, 48_000]), moves([50_000, 50_000]))
    assert (drift.status, drift.reason) == ("ok", None)
    assert drift.psi_p_value is not None
    assert drift.psi_p_value < 1e-9


def test_the_level_is_shared_by_all_tests() -> None:
    """Ten distances get a tenth of alpha each, also those that are too small to decide."""
    current, baseline = (
        CohortState(
            attempts=n,
            scores={f"s{i}": distribution_of(np.arange(n) % 7) for i in range(4)},
            statuses=named(["success"] * n),
            repairs=named(["trait_leak"] * 9),
        )
        for n in (1_000, 1_001)
    )
    drifts = distribution_drifts(current, baseline, Settings())
    assert drifts.tests == 4 * 2
    assert drifts.distributions["repairs"].status == "insufficient"


@pytest.mark.parametrize(
    ("current", "baseline", "reason"),
    [
        (CohortState(), scores(9), "the current run has no values"),
        (scores(9), CohortState(), "the baseline has no values"),
    ],
)
def test_a_side_without_values_is_named(
    current: CohortState, baseline: CohortState, reason: str
) -> None:
    """A validator that is new or gone is no zero distance."""
    drift = drift_of(current, baseline)
    assert (drift.status, drift.reason, drift.psi, drift.ks) == ("no_data", reason, None, None)


def test_cut_values_say_by_how_much() -> None:
    """A million distinct latencies are kept cut, and the comparison states the rounding."""
    rng = np.random.default_rng(1)
    cut = scored(distribution_of(rng.lognormal(7, 0.5, 50_000)))
    whole = scored(distribution_of(rng.lognormal(7, 0.5, 1_500)))
    for current, baseline in ((cut, whole), (whole, cut)):
        drift = drift_of(current, baseline)
        assert (drift.status, drift.value_error) == ("ok", cut.scores["s"].error)
        assert 0 < drift.value_error < 0.01


def test_real_attempts_against_their_like_drift_nowhere() -> None:
    """All ten distributions of two cohorts that are made alike."""
    current, baseline = folded(drawn_attempts(2_000, 1)), folded(drawn_attempts(3_000, 2))
    drifts = distribution_drifts(current, baseline, Settings())
    assert {name: drift.status for name, drift in drifts.distributions.items()} == dict.fromkeys(
        drifts.distributions, "ok"
    )
    assert drifts.tests == 5 * 2 + 6


def test_a_distribution_has_drifted_if_either_distance_says_so() -> None:
    """KS alone sees values that move within the baseline's deciles."""
    baseline = scored(distribution_of(np.arange(10_000) % 5 * 100))
    current = scored(distribution_of(np.arange(1_000) % 5 * 100 - 50))
    drift = drift_of(current, baseline)
    assert (drift.psi_status, drift.ks_status, drift.status) == ("ok", "drift", "drift")
    assert msgspec.to_builtins(drift)["status"] == "drift"
