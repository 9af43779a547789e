"""Changes of an indicator's band from batch to batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from otel_persona.aggregation import (
    Aggregator,
    BatchSummary,
    Indicator,
    IndicatorChange,
    changes_between,
    last_known,
)
from otel_persona.records import AttemptRecord
from otel_persona.settings import Settings

Make = Callable[..., AttemptRecord]


def pollyanna_batches(make_record: Make, *scores: float | None) -> list[BatchSummary]:
    """Make a batch of one attempt for each score."""
    aggregator = Aggregator(Settings(batch="attempts:1"))
    summaries = []
    for score in scores:
        carried = {} if score is None else {"pollyanna": score}
        anchored = make_record(validator_scores=carried, anchors_used=["a"])
        summaries += aggregator.add(anchored)
    return summaries


def steps(previous: Mapping[str, Indicator], summary: BatchSummary) -> list[tuple[str, ...]]:
    """Give the changes as (indicator, band before, band now)."""
    changes = changes_between(previous, summary, run_id="r", tier="t")
    return [(change.indicator, str(change.previous), change.band) for change in changes]


def test_a_first_batch_that_is_healthy_is_no_change(make_record: Make) -> None:
    """A healthy start is silent."""
    (first,) = pollyanna_batches(make_record, 0.6)
    assert steps({}, first) == []


def test_a_first_batch_in_warning_is_a_change(make_record: Make) -> None:
    """What was never seen counts as healthy, and the change carries all that is known of it."""
    (first,) = pollyanna_batches(make_record, 0.8)
    assert changes_between({}, first, run_id="25K_x", tier="25K") == [
        IndicatorChange(
            indicator="pollyanna_score",
            tier="25K",
            run_id="25K_x",
            batch_index=0,
            previous=None,
            band="warning",
            value=0.8,
            limits={"low": 0.5, "warning": 0.7, "critical": 0.85},
            n=1,
        )
    ]


def test_each_change_is_told_once(make_record: Make) -> None:
    """Staying in a band is silent; worse, better and back to healthy are told."""
    batches = pollyanna_batches(make_record, 0.6, 0.8, 0.8, 0.9, 0.9, 0.6)
    previous: Mapping[str, Indicator] = {}
    told = []
    for summary in batches:
        told.append([step[1:] for step in steps(previous, summary)])
        previous = summary.indicators
    assert told == [
        [],
        [("healthy", "warning")],
        [],
        [("warning", "critical")],
        [],
        [("critical", "healthy")],
    ]


def test_a_batch_without_a_value_changes_nothing(make_record: Make) -> None:
    """A batch that nobody scored is no recovery, and after it the old band still holds."""
    critical, unscored, again = pollyanna_batches(make_record, 0.9, None, 0.9)
    known = last_known({}, critical)
    assert steps(known, unscored) == []
    known = last_known(known, unscored)
    assert known["pollyanna_score"] == critical.indicators["pollyanna_score"]
    assert steps(known, again) == []
