"""The six key indicators: value, band, limits and the attempts behind each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_persona.aggregation import Aggregator, Band, BatchSummary, Indicator
from otel_persona.records import AttemptRecord
from otel_persona.settings import HealthyBand, IndicatorLimits, Limits, Settings

Make = Callable[..., AttemptRecord]
ALL = [
    "repair_rate",
    "repair_rate_trend",
    "opening_entropy",
    "pollyanna_score",
    "anchor_diversity",
    "mean_latency",
]


def batches_of(records: list[AttemptRecord], size: int, **limits: Any) -> list[BatchSummary]:
    """Aggregate ``records`` in batches of ``size`` attempts."""
    settings = Settings(batch=f"attempts:{size}", indicators=IndicatorLimits(**limits))
    aggregator = Aggregator(settings)
    closed = [summary for record in records for summary in aggregator.add(record)]
    return closed + aggregator.finish()


def indicator(name: str, records: list[AttemptRecord], **limits: Any) -> Indicator:
    """Give one indicator of a single batch of ``records``."""
    return batches_of(records, len(records), **limits)[0].indicators[name]


@pytest.mark.parametrize(
    ("repaired", "band"),
    [
        (0, "healthy"),
        (9, "healthy"),
        (10, "warning"),
        (20, "warning"),
        (21, "critical"),
        (100, "critical"),
    ],
)
def test_repair_rate(repaired: int, band: Band, make_record: Make) -> None:
    """Below 10 % healthy, over 20 % critical, both lines in the warning band."""
    records = [make_record(repairs=["x"])] * repaired + [make_record()] * (100 - repaired)
    assert indicator("repair_rate", records) == Indicator(
        value=repaired / 100, band=band, limits={"warning": 0.1, "critical": 0.2}, n=100
    )


@pytest.mark.parametrize(
    ("counts", "bits", "band"),
    [
        ([1] * 5, None, "healthy"),
        ([2, 2, 2, 2], 2.0, "warning"),
        ([4, 2, 2], 1.5, "warning"),
        ([5, 2, 2], None, "critical"),
    ],
)
def test_opening_entropy(
    counts: list[int], bits: float | None, band: Band, make_record: Make
) -> None:
    """Over 2.0 bits healthy, below 1.5 critical; attempts without a move are not behind it."""
    moves = [move for move, count in enumerate(counts) for _ in range(count)]
    records = [make_record(opening_move=f"m{move}") for move in moves] + [make_record()] * 3
    found = indicator("opening_entropy", records)
    assert (found.band, found.n) == (band, len(moves))
    assert bits is None or found.value == bits
    assert found.limits == {"warning": 2.0, "critical": 1.5}


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0.49, "warning"),
        (0.5, "healthy"),
        (0.69, "healthy"),
        (0.7, "warning"),
        (0.85, "warning"),
        (0.86, "critical"),
    ],
)
def test_pollyanna_score(score: float, band: Band, make_record: Make) -> None:
    """Healthy from 0.5 to below 0.7; below it a warning; over 0.85 critical."""
    records = [make_record(validator_scores={"pollyanna": score})] * 3 + [make_record()] * 4
    assert indicator("pollyanna_score", records) == Indicator(
        value=score, band=band, limits={"low": 0.5, "warning": 0.7, "critical": 0.85}, n=3
    )


@pytest.mark.parametrize(
    ("anchors", "band"),
    [(9, "healthy"), (8, "warning"), (6, "warning"), (5, "critical"), (0, "critical")],
)
def test_anchor_diversity(anchors: int, band: Band, make_record: Make) -> None:
    """Over 0.8 distinct anchors per attempt healthy, below 0.6 critical."""
    records = [make_record(anchors_used=[f"a{number}"]) for number in range(anchors)]
    records += [make_record()] * (10 - anchors)
    assert indicator("anchor_diversity", records) == Indicator(
        value=anchors / 10, band=band, limits={"warning": 0.8, "critical": 0.6}, n=10
    )


@pytest.mark.parametrize(
    ("repaired", "band"),
    [(0, "healthy"), (4, "healthy"), (5, "warning"), (10, "warning"), (11, "critical")],
)
def test_repair_rate_trend(repaired: int, band: Band, make_record: Make) -> None:
    """+5 points per batch warns, over +10 is critical; one batch has no trend yet."""
    records = [make_record()] * 100
    records += [make_record(repairs=["x"])] * repaired + [make_record()] * (100 - repaired)
    first, second = batches_of(records, 100)
    limits = {"warning": 0.05, "critical": 0.1}
    none_yet = Indicator(value=None, band=None, limits=limits, n=100)
    assert first.indicators["repair_rate_trend"] == none_yet
    assert second.indicators["repair_rate_trend"] == Indicator(
        value=repaired / 100, band=band, limits=limits, n=200
    )


def test_the_trend_of_a_partial_batch_is_that_of_the_complete_ones(make_record: Make) -> None:
    """A last batch cut short does not bend the trend that it shows."""
    records = [make_record()] * 2 + [make_record(repairs=["x"])] * 3
    _, second, partial = batches_of(records, 2)
    assert not partial.complete
    assert partial.indicators["repair_rate_trend"] == second.indicators["repair_rate_trend"]


@pytest.mark.parametrize(
    ("latency", "change", "band"),
    [
        (500, -0.5, "healthy"),
        (1199, 0.199, "healthy"),
        (1200, 0.2, "warning"),
        (1500, 0.5, "warning"),
        (1501, 0.501, "critical"),
    ],
)
def test_mean_latency_against_the_first_batch(
    latency: int, change: float, band: Band, make_record: Make
) -> None:
    """The first complete batch is what later ones are compared with, and has no band itself."""
    records = [make_record(latency_ms=ms) for ms in (900, 1100, latency, latency)]
    first, second = batches_of(records, 2)
    bare = {"warning": 0.2, "critical": 0.5}
    assert first.indicators["mean_latency"] == Indicator(value=None, band=None, limits=bare, n=2)
    assert second.indicators["mean_latency"] == Indicator(
        value=change, band=band, limits={**bare, "baseline_ms": 1000.0}, n=2
    )


def test_mean_latency_against_a_given_baseline(make_record: Make) -> None:
    """With a baseline in the settings the first batch is compared as well."""
    found = indicator("mean_latency", [make_record(latency_ms=1200)], baseline_mean_latency_ms=800)
    assert (found.value, found.band, found.limits["baseline_ms"]) == (0.5, "warning", 800)


def test_a_partial_batch_is_no_baseline(make_record: Make) -> None:
    """A batch that a flush cut short does not become what the run is measured by."""
    aggregator = Aggregator(Settings(batch="attempts:2"))
    aggregator.add(make_record(latency_ms=9))
    (partial,) = aggregator.finish()
    rest = [s for ms in (100, 100, 150, 150) for s in aggregator.add(make_record(latency_ms=ms))]
    found = [summary.indicators["mean_latency"].value for summary in (partial, *rest)]
    assert found == [None, None, 0.5]


def test_a_baseline_of_zero_compares_nothing(make_record: Make) -> None:
    """A first batch of instant attempts gives no relative change, rather than an error."""
    _, second = batches_of([make_record(latency_ms=ms) for ms in (0, 5)], 1)
    assert second.indicators["mean_latency"].value is None
    assert second.indicators["mean_latency"].band is None


def test_every_batch_has_all_six(make_record: Make) -> None:
    """An indicator with nothing behind it is there, says so, and has no band."""
    (summary,) = batches_of([make_record()], 1)
    assert list(summary.indicators) == ALL
    assert summary.indicators["pollyanna_score"].n == summary.indicators["opening_entropy"].n == 0
    assert summary.indicators["pollyanna_score"].band is None
    assert summary.indicators["opening_entropy"].band is None


def test_limits_are_settings(make_record: Make) -> None:
    """Other limits move the bands, and the indicator shows those that were used."""
    scored = [make_record(repairs=["x"], validator_scores={"pollyanna": 0.3})]
    lax = indicator("repair_rate", scored, repair_rate=Limits(warning=1.5, critical=2.0))
    assert (lax.band, lax.limits) == ("healthy", {"warning": 1.5, "critical": 2.0})
    dark = HealthyBand(low=0.1, warning=0.2, critical=0.3)
    assert indicator("pollyanna_score", scored, pollyanna_score=dark).band == "warning"
