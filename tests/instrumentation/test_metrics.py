"""Metrics are a recount of the records: the same figures, under bounded labels."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

import otel_persona as op
from otel_persona import semconv
from otel_persona.records import AttemptRecord
from otel_persona.testing import Captured, capture

Labels = tuple[tuple[str, Any], ...]
PRICES = {"default": 0.5, "models": {"dear": 4.0, "free": 0.0}}


def labels(**given: str) -> Labels:
    """Write labels as a captured metric has them."""
    return tuple(sorted(given.items()))


def recount(
    records: Sequence[AttemptRecord], known: Sequence[bool]
) -> dict[str, dict[Labels, Any]]:
    """Count the records anew, by the contract alone: counters, and the values of histograms."""
    counts: dict[str, dict[Labels, Any]] = defaultdict(lambda: defaultdict(int))
    values: dict[str, dict[Labels, Any]] = defaultdict(lambda: defaultdict(list))
    for record, usage_known in zip(records, known, strict=True):
        stage, tier = record.stage, record.tier or "25K"
        whole = labels(stage=stage, status=record.status, tier=tier)
        counts["persona.attempts"][whole] += 1
        values["persona.attempt.duration"][whole].append(record.latency_ms / 1000)
        if usage_known:
            both = {"input": record.prompt_tokens, "output": record.completion_tokens}
            for kind, tokens in both.items():
                counts["persona.tokens"][labels(type=kind, stage=stage, tier=tier)] += tokens
            price = {"dear": 4.0, "free": 0.0}.get(record.model or "", 0.5)
            cost = sum(both.values()) * price / 1000
            counts["persona.cost"][labels(stage=stage, tier=tier)] += cost
        for repair in record.repairs:
            counts["persona.repairs"][labels(type=repair, stage=stage, tier=tier)] += 1
        if record.opening_move:
            counts["persona.opening_moves"][labels(move=record.opening_move, tier=tier)] += 1
        for name, score in record.validator_scores.items():
            scored = labels(validator=name, stage=stage, tier=tier)
            values["persona.validator.score"][scored].append(score)
    return counts | values


def assert_same(captured: Captured, known: Sequence[bool]) -> None:
    """Compare every counter and histogram with a recount."""
    expected = recount(captured.records, known)
    for instrument in (semconv.ATTEMPTS, semconv.TOKENS, semconv.REPAIRS, semconv.OPENING_MOVES):
        points = captured.metric(instrument.name)
        assert {at: point.value for at, point in points.items()} == expected.get(
            instrument.name, {}
        )
    costs = captured.metric("persona.cost")
    assert costs.keys() == expected.get("persona.cost", {}).keys()
    for at, point in costs.items():
        assert math.isclose(point.value, expected["persona.cost"][at], rel_tol=1e-12)
    for instrument in (semconv.ATTEMPT_DURATION, semconv.VALIDATOR_SCORE):
        points = captured.metric(instrument.name)
        assert points.keys() == expected.get(instrument.name, {}).keys()
        for at, point in points.items():
            assert_histogram(point, expected[instrument.name][at], instrument.boundaries or ())


def assert_histogram(point: Any, values: list[float], boundaries: Sequence[float]) -> None:
    """Compare one histogram with the values that it should hold."""
    buckets = Counter(bisect_left(boundaries, value) for value in values)
    assert point.explicit_bounds == tuple(boundaries)
    assert list(point.bucket_counts) == [buckets[i] for i in range(len(boundaries) + 1)]
    assert point.count == len(values)
    assert math.isclose(point.sum, math.fsum(values), rel_tol=1e-12, abs_tol=1e-12)
    assert (point.min, point.max) == (min(values), max(values))


NAMES = st.sampled_from(["one", "two", "three"])
ATTEMPTS = st.lists(
    st.fixed_dictionaries(
        {
            "stage": st.sampled_from(["B", "C", "validation"]),
            "tier": st.sampled_from([None, "5K"]),
            "latency": st.integers(0, 200_000),
            "status": st.sampled_from(["success", "fail", "repair"]),
            "usage": st.none() | st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
            "model": st.sampled_from([None, "dear", "free", "unpriced"]),
            "repairs": st.lists(NAMES, max_size=3),
            "move": st.none() | NAMES,
            "scores": st.dictionaries(NAMES, st.sampled_from([0, 0.05, 0.5, 0.7, 1, 1.5])),
        }
    ),
    max_size=12,
)


@given(ATTEMPTS)
def test_every_figure_is_a_recount_of_the_records(attempts: list[dict[str, Any]]) -> None:
    """Every counter, and every bucket of every histogram, label by label."""
    now = [1_000_000_000_000_000_000]
    with capture(run_id="25K_1", prices=PRICES, clock=lambda: now[0]) as captured:
        for said in attempts:
            with op.persona("p", tier=said["tier"]), op.attempt(stage=said["stage"]) as a:
                if said["usage"]:
                    prompt, completion = said["usage"]
                    a.record_usage(prompt_tokens=prompt, completion_tokens=completion)
                a.record_usage(model=said["model"])
                a.record_repair(*said["repairs"])
                a.record_scores(said["scores"])
                if said["move"]:
                    a.record_opening_move(said["move"])
                a.set_status(said["status"])
                now[0] += said["latency"] * 1_000_000
        assert [record.latency_ms for record in captured.records] == [
            said["latency"] for said in attempts
        ]
        assert_same(captured, [said["usage"] is not None for said in attempts])


def test_entries_are_counted_like_live_attempts(make_entry: Callable[..., dict[str, Any]]) -> None:
    """``log_attempt`` goes through the same counters; no tokens at all are unknown tokens."""
    entry = make_entry(
        run_id="25K_1",
        attempt=2,
        status="repair",
        completion_tokens=0,
        repairs=["trait_leak", "trait_leak"],
        validator_scores={"pollyanna": 0.7},
        opening_move="hook",
    )
    with capture(run_id="25K_1", prices=PRICES) as captured:
        assert op.log_attempt(entry)
        assert op.log_attempt(entry | {"prompt_tokens": 0, "tier": "5K", "model": "dear"})
        assert_same(captured, [True, False])


def test_the_instruments_are_those_of_semconv() -> None:
    """Name, unit, description and kind of every metric, and no metric beside them."""
    kinds = {"counter": "Sum", "histogram": "Histogram", "gauge": "Gauge"}
    reader = InMemoryMetricReader()
    with capture() as captured:
        handle = op.configure(
            run_id="25K_1",
            batch="attempts:1",
            tracer_provider=captured.tracer_provider,
            meter_provider=MeterProvider([reader], shutdown_on_exit=False),
        )
        with op.attempt(stage="B") as a:
            a.record_usage(prompt_tokens=1)
            a.record_repair("r")
            a.record_opening_move("m")
            a.record_score("pollyanna", 0.5)
            a.record_anchors(*map(str, range(150)))
        data = reader.get_metrics_data()
        handle.shutdown()
    assert data is not None
    [resource] = data.resource_metrics
    [scope] = resource.scope_metrics
    assert scope.scope.name == semconv.SCOPE_NAME
    known = {instrument.name: instrument for instrument in semconv.INSTRUMENTS}
    for metric in scope.metrics:
        instrument = known[metric.name]
        assert (metric.unit, metric.description) == (instrument.unit, instrument.description)
        assert type(metric.data).__name__ == kinds[instrument.kind]
        for point in metric.data.data_points:
            assert set(point.attributes or {}) == set(instrument.labels)
        assert getattr(metric.data, "is_monotonic", True)
    silent = {instrument.name for instrument in semconv.INSTRUMENTS} - {
        metric.name for metric in scope.metrics
    }
    assert silent <= {
        "persona.records.lost",
        "persona.records.rejected",
        "persona.records.warned",
        "persona.faults",
        "persona.export.lost",
        "persona.doctor.checks",
        "persona.tier.repair_rate_trend",
        "persona.tier.latency_trend",
        "persona.tier.opening_entropy_trend",
        "persona.tier.pollyanna_score_trend",
    }


CONTRACT: Mapping[str, tuple[str, str, tuple[str, ...], str]] = {
    "persona.attempts": (
        "counter",
        "{attempt}",
        ("stage", "status", "tier"),
        "persona_attempts_total",
    ),
    "persona.attempt.duration": (
        "histogram",
        "s",
        ("stage", "status", "tier"),
        "persona_attempt_duration_seconds",
    ),
    "persona.tokens": ("counter", "{token}", ("type", "stage", "tier"), "persona_tokens_total"),
    "persona.cost": ("counter", "{USD}", ("stage", "tier"), "persona_cost_total"),
    "persona.repairs": ("counter", "{repair}", ("type", "stage", "tier"), "persona_repairs_total"),
    "persona.opening_moves": (
        "counter",
        "{attempt}",
        ("move", "tier"),
        "persona_opening_moves_total",
    ),
    "persona.validator.score": (
        "histogram",
        "{score}",
        ("validator", "stage", "tier"),
        "persona_validator_score",
    ),
    "persona.indicator.band": ("gauge", "{band}", ("indicator", "tier"), "persona_indicator_band"),
}


@pytest.mark.parametrize("name", CONTRACT)
def test_the_names_that_dashboards_hold_on_to(name: str) -> None:
    """Kind, unit, labels and the name in Prometheus are those of the contract."""
    [instrument] = [known for known in semconv.INSTRUMENTS if known.name == name]
    kind, unit, given, in_prometheus = CONTRACT[name]
    assert (instrument.kind, instrument.unit) == (kind, unit)
    assert instrument.labels == given
    assert instrument.prometheus_name == in_prometheus


def test_label_values_that_come_from_data_are_bounded() -> None:
    """The first three of each stay apart, all others together are ``other``; nothing is lost."""
    with capture(run_id="25K_1", label_values=3) as captured:
        for index in range(10):
            with op.persona(f"p{index}", tier=f"t{index}"), op.attempt(stage="B") as a:
                a.record_repair(f"r{index}")
                a.record_opening_move(f"m{index}")
                a.record_score(f"v{index}", 0.5)
                a.record_usage(prompt_tokens=1, model=f"model{index}")
        for name, label, prefix in (
            ("persona.attempts", "tier", "t"),
            ("persona.repairs", "type", "r"),
            ("persona.opening_moves", "move", "m"),
            ("persona.tokens", "tier", "t"),
            ("persona.cost", "tier", "t"),
        ):
            by_value: Counter[str] = Counter()
            for at, point in captured.metric(name).items():
                by_value[dict(at)[label]] += point.value
            assert set(by_value) == {f"{prefix}0", f"{prefix}1", f"{prefix}2", "other"}
            assert math.isclose(by_value["other"], 7 * by_value[f"{prefix}0"])
        scored = captured.metric("persona.validator.score")
        assert {dict(at)["validator"] for at in scored} == {"v0", "v1", "v2", "other"}
        assert sum(point.count for point in scored.values()) == 10
        durations = captured.metric("persona.attempt.duration")
        assert {dict(at)["tier"] for at in durations} == {"t0", "t1", "t2", "other"}


def test_a_bounded_label_keeps_its_first_values() -> None:
    """A value that has been seen keeps its name after the label is full."""
    with capture(label_values=1) as captured:
        for move in ("first", "second", "first", "third", "first"):
            with op.attempt(stage="B") as a:
                a.record_opening_move(move)
        points = captured.metric("persona.opening_moves")
        assert {dict(at)["move"]: point.value for at, point in points.items()} == {
            "first": 3,
            "other": 2,
        }


def test_no_id_and_no_anchor_is_ever_a_label() -> None:
    """Ids and anchors are unbounded, and people; neither is in any metric."""
    with capture(run_id="SECRETRUN_1", tier="25K", batch="attempts:2") as captured:
        for index in range(4):
            use = op.attempt(stage="B", target="SECRET", symbol="SECRET", model="SECRET")
            with op.persona(f"SECRET{index}"), use as a:
                a.record_anchors(f"SECRET anchor {index}")
                a.record_constraints("SECRET constraint")
                a.record_score("pollyanna", 0.5)
                a.fail("SECRET reason")
        for instrument in semconv.INSTRUMENTS:
            assert "SECRET" not in repr(list(captured.metric(instrument.name)))


def test_cost_by_model() -> None:
    """Each model at its own price, every other one at the default, in USD for 1,000 tokens."""
    with capture(run_id="25K_1", prices=PRICES) as captured:
        for model in ("dear", "free", "unpriced", None):
            with op.attempt(stage="B") as a:
                a.record_usage(prompt_tokens=600, completion_tokens=400, model=model)
        [point] = captured.metric("persona.cost").values()
    assert point.value == pytest.approx(4.0 + 0.0 + 0.5 + 0.5, rel=1e-15)


def test_the_default_price() -> None:
    """That of the specification: 0.00045 USD for 1,000 tokens."""
    with capture(run_id="25K_1") as captured:
        with op.attempt(stage="B") as a:
            a.record_usage(prompt_tokens=450, completion_tokens=320)
        [point] = captured.metric("persona.cost").values()
    assert point.value == 770 * 0.00045 / 1000


def test_counters_go_on_when_configured_anew() -> None:
    """Counters only rise: a second ``configure`` on the same providers goes on counting."""
    with capture(run_id="25K_1") as captured:
        with op.attempt(stage="B"):
            pass
        op.configure(
            run_id="25K_2",
            tracer_provider=captured.tracer_provider,
            meter_provider=captured.meter_provider,
            logger_provider=captured.logger_provider,
        )
        with op.attempt(stage="B"):
            pass
        [point] = captured.metric("persona.attempts").values()
        assert point.value == 2
        assert [record.run_id for record in captured.records] == ["25K_1", "25K_2"]
        op.shutdown()


@pytest.mark.parametrize("name", ["persona.attempt.duration", "persona.validator.score"])
def test_exemplars_name_no_trace_of_somebody_else(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attempts are counted later, maybe inside a span that has nothing to do with them."""
    monkeypatch.setenv("OTEL_METRICS_EXEMPLAR_FILTER", "always_on")
    with capture(run_id="25K_1") as captured:
        for _ in range(40):
            with op.attempt(stage="B") as a:
                a.record_score("pollyanna", 0.5)
        with captured.tracer().start_as_current_span("of somebody else"):
            [point] = captured.metric(name).values()
    assert point.count == 40
    assert {exemplar.trace_id for exemplar in point.exemplars} == {None}


def test_a_negative_score_is_told_by_us_alone(caplog: pytest.LogCaptureFixture) -> None:
    """OpenTelemetry's histograms take none and say so each time; the record still has it."""
    with capture(run_id="25K_1") as captured:
        for score in (-0.5, 0.5, -1):
            with op.attempt(stage="B") as a:
                a.record_score("pollyanna", score)
        [point] = captured.metric("persona.validator.score").values()
        assert (point.count, point.sum) == (1, 0.5)
        [warned] = captured.metric("persona.records.warned").values()
        assert (warned.attributes, warned.value) == ({"reason": "score_out_of_range"}, 2)
    assert [r.validator_scores["pollyanna"] for r in captured.records] == [-0.5, 0.5, -1.0]
    assert [record.name for record in caplog.records] == ["otel_persona"]


def test_another_price_changes_no_cost_of_before() -> None:
    """The counter never goes back, whatever a later ``configure`` says tokens cost."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    shown = []
    for price in (10.0, 1.0):
        handle = op.configure(
            prices={"default": price},
            tracer_provider=TracerProvider(shutdown_on_exit=False),
            meter_provider=provider,
        )
        with op.attempt(stage="B") as attempt:
            attempt.record_usage(prompt_tokens=1_000)
        data = reader.get_metrics_data()
        assert data is not None
        shown += [
            point.value
            for metric in data.resource_metrics[0].scope_metrics[0].metrics
            for point in metric.data.data_points
            if metric.name == "persona.cost"
        ]
        handle.shutdown()
    assert shown == [10.0, 11.0]
