"""What the processor shows while a run goes on is what the analysis finds in its log afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest
from opentelemetry.sdk.trace import TracerProvider

import otel_persona as op
from otel_persona.aggregation import BatchSummary
from otel_persona.semconv import BATCH_GAUGES, TIER_GAUGES
from otel_persona.testing import Captured, capture

Generate = Callable[..., Any]
MakeEntry = Callable[..., dict[str, Any]]

ANALYZE = "import sys; from otel_persona.cli import main; sys.argv[0] = 'otel-persona'; main()"
MOVES = ["hook", "quote", "question", "scene", "date"]
BANDS = {"healthy": 0, "warning": 1, "critical": 2}
SEVERITIES = {"healthy": "INFO", "warning": "WARN", "critical": "ERROR"}


class Clock:
    """A clock that a replay sets; it moves on by itself with each look."""

    def __init__(self, draws: numpy.random.Generator) -> None:
        self._draws = draws
        self._now_ns = 1_769_869_921_234_000_000

    def __call__(self) -> int:
        """Give nanoseconds since the epoch."""
        self._now_ns += int(self._draws.integers(2_000)) * 1_000_000
        return self._now_ns


def _replay(generate: Generate, draws: numpy.random.Generator, name: Callable[[int], str]) -> None:
    """Run 400 attempts: ever fewer moves, ever rosier scores, and repairs that come and go."""
    for number in range(400):
        spread = max(1, 5 - number // 80)
        generate(
            name(number // 2),
            repairs=("trait_leak",) * (int(draws.random() < (number % 160) / 320)),
            scores={"pollyanna": min(1.0, 0.5 + number / 700), "trait_leak": float(draws.random())},
            move=str(draws.choice(MOVES[:spread])),
            anchors=tuple(f"anchor {draws.integers(300)}" for _ in range(3)),
            tokens=(int(draws.integers(900)), int(draws.integers(400))),
            fails=bool(draws.random() < 0.1),
        )


def _plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.fixture
def live(generate: Generate, tmp_path: Path) -> Callable[..., Captured]:
    """Give a function that runs the attempts under a batch policy."""

    def go(policy: str, name: Callable[[int], str] = str) -> Captured:
        draws = numpy.random.default_rng(25)
        with capture(
            run_id="25K_20260131_143200",
            batch=policy,
            log=tmp_path / "generation.log",
            clock=Clock(draws),
        ) as captured:
            _replay(generate, draws, name)
        return captured

    return go


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        ("personas:30", str),
        ("attempts:64", str),
        ("sequence:30", str),
        ("prefix", lambda number: f"{number // 30}-{number % 30}"),
        ("time:60s", str),
        ("personas:1000", str),
    ],
    ids=["personas", "attempts", "sequence", "prefix", "time", "one partial batch"],
)
def test_figures_are_those_of_the_analysis(
    live: Callable[..., Captured],
    run: Callable[..., str],
    tmp_path: Path,
    policy: str,
    name: Callable[[int], str],
) -> None:
    """Every batch, the tier and all indicators agree to the last bit, under each policy."""
    captured = live(policy, name)

    output = run(
        ANALYZE, "analyze", tmp_path / "generation.log", "--batch", policy, "--format", "json"
    )

    analysed = msgspec.json.decode(output)
    assert _plain(captured.batches) == analysed["batches"]
    for figure, instrument in TIER_GAUGES.items():
        shown = captured.metric(instrument.name)
        expected = analysed["tier"][figure]
        assert [point.value for point in shown.values()] == ([] if expected is None else [expected])


def test_gauges_show_the_last_batch(live: Callable[..., Captured]) -> None:
    """Each figure of the batch that closed last stands in its gauge, labelled with the tier."""
    captured = live("personas:30")
    last = captured.batches[-1]

    for figure, instrument in BATCH_GAUGES.items():
        shown = captured.metric(instrument.name)
        expected = getattr(last, figure)
        assert {labels: point.value for labels, point in shown.items()} == (
            {} if expected is None else {(("tier", "25K"),): expected}
        )
    scores = captured.metric("persona.batch.mean_validator_score")
    assert {dict(labels)["validator"]: point.value for labels, point in scores.items()} == {
        name: mean for name, mean in last.mean_validator_scores.items() if mean is not None
    }
    bands = captured.metric("persona.indicator.band")
    assert {dict(labels)["indicator"]: point.value for labels, point in bands.items()} == {
        name: BANDS[indicator.band]
        for name, indicator in last.indicators.items()
        if indicator.band is not None
    }


def test_a_figure_that_the_last_batch_lacks_leaves_its_gauge(generate: Generate) -> None:
    """No gauge goes on showing the score or the entropy of an earlier batch."""
    with capture(batch="attempts:1") as captured:
        generate("1", scores={"pollyanna": 0.6, "tone": 0.5}, move="hook")
        assert len(captured.metric("persona.batch.mean_validator_score")) == 2
        assert len(captured.metric("persona.batch.opening_move_entropy")) == 1
        generate("2", scores={"pollyanna": 0.8})
        (scores,) = captured.metric("persona.batch.mean_validator_score").items()
        assert captured.metric("persona.batch.opening_move_entropy") == {}
        bands = {dict(labels)["indicator"] for labels in captured.metric("persona.indicator.band")}

    assert "pollyanna_score" in bands
    assert "opening_entropy" not in bands

    labels, point = scores
    assert dict(labels)["validator"] == "pollyanna"
    assert point.value == 0.8


def test_validators_that_the_data_name_are_bounded(generate: Generate) -> None:
    """However many validators there are, in one batch or in all, ``label_values`` have a gauge."""
    shown = set()
    with capture(batch="attempts:1", label_values=5) as captured:
        generate("1", scores={f"v{number:03}": 0.5 for number in range(40)} | {"pollyanna": 0.6})
        for number in range(10):
            points = captured.metric("persona.batch.mean_validator_score")
            shown |= {dict(labels)["validator"] for labels in points}
            generate("2", scores={f"w{number:03}": 0.5, "pollyanna": 0.6})

    assert len(shown) == 5
    assert "pollyanna" in shown


def _changes(batches: list[BatchSummary]) -> Iterator[tuple[int, str, str, str]]:
    """Find by hand where a band differs from the one before, which was healthy at first."""
    bands: dict[str, str] = {}
    for batch in batches:
        for name, indicator in batch.indicators.items():
            before = bands.get(name, "healthy")
            if indicator.band is not None and indicator.band != before:
                yield batch.index, name, before, indicator.band
            if indicator.band is not None:
                bands[name] = indicator.band


def test_each_change_of_a_band_is_told_once(live: Callable[..., Captured]) -> None:
    """The callback and the log event say the same, in order, with the right severity."""
    captured = live("personas:30")

    expected = list(_changes(captured.batches))
    assert len({band for _, _, _, band in expected}) == 3, "the run must go through all bands"
    told = [
        (change.batch_index, change.indicator, change.previous or "healthy", change.band)
        for change in captured.changes
    ]
    assert told == expected
    for change, event in zip(captured.changes, captured.events, strict=True):
        record, indicator = event.log_record, captured.batches[change.batch_index].indicators
        assert record.event_name == "persona.drift"
        assert record.severity_text == SEVERITIES[change.band]
        assert record.severity_number is not None
        assert record.severity_number.name == SEVERITIES[change.band]
        assert change.indicator in str(record.body)
        attributes = dict(record.attributes or {})
        limits = {
            name.removeprefix("persona.indicator.limit."): attributes.pop(name)
            for name in list(attributes)
            if name.startswith("persona.indicator.limit.")
        }
        assert limits == change.limits == indicator[change.indicator].limits
        assert attributes == {
            "persona.indicator.name": change.indicator,
            "persona.indicator.band": change.band,
            "persona.indicator.previous_band": change.previous or "none",
            "persona.indicator.value": indicator[change.indicator].value,
            "persona.indicator.n": indicator[change.indicator].n,
            "persona.batch.index": change.batch_index,
            "persona.run.id": "25K_20260131_143200",
            "persona.tier": "25K",
        }


def test_a_partial_batch_is_closed_at_shutdown_alone(generate: Generate) -> None:
    """A flush leaves the open batch open; the end closes it, and says that it is partial."""
    with capture(batch="attempts:10") as captured:
        for number in range(13):
            generate(str(number))
        assert captured.tracer_provider.force_flush()
        assert [batch.batch_size for batch in captured.batches] == [10]

    assert [(batch.batch_size, batch.complete) for batch in captured.batches] == [
        (10, True),
        (3, False),
    ]


def test_after_a_shutdown_nothing_is_closed_again_and_nothing_folded() -> None:
    """A batch is told once, an empty one never, and what ends later is in no figure."""
    batches: list[BatchSummary] = []
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(op.DriftProcessor(on_batch=batches.append))
    for _ in range(2):
        span = provider.get_tracer("by hand").start_span("x")
        span.set_attributes(
            {
                "persona.stage": "B",
                "persona.attempt.status": "success",
                "persona.run.id": "r",
                "persona.id": "1",
            }
        )
        span.end()
        provider.shutdown()

    assert [batch.batch_size for batch in batches] == [1]
    empty = op.DriftProcessor(on_batch=batches.append)
    empty.shutdown()
    assert len(batches) == 1


def test_runs_and_tiers_are_streams_of_their_own(make_entry: MakeEntry) -> None:
    """Attempts of two runs, or of two tiers, never share a batch."""
    with capture(batch="attempts:2") as captured:
        for number in range(4):
            for run_id, tier in (("25K_a", None), ("100K_b", None), ("25K_a", "pilot")):
                assert op.log_attempt(make_entry(persona_id=str(number), run_id=run_id, tier=tier))
        sizes = captured.metric("persona.tier.total_attempts")

    assert [batch.index for batch in captured.batches] == [0, 0, 0, 1, 1, 1]
    assert {dict(labels)["tier"]: point.value for labels, point in sizes.items()} == {
        "25K": 4,
        "100K": 4,
        "pilot": 4,
    }


def test_a_tier_that_is_said_or_follows_is_one_stream(
    generate: Generate, make_entry: MakeEntry
) -> None:
    """Whether an attempt, its scope or the settings name the tier, it is the same one."""
    entry = make_entry(run_id="25K_1")
    with capture(run_id="25K_1", batch="attempts:3") as captured:
        assert op.log_attempt(entry)
        assert op.log_attempt(entry | {"tier": "25K"})
        with op.persona("p", tier="25K"):
            generate("p")
    assert [batch.batch_size for batch in captured.batches] == [3]
    with capture(run_id="25K_1", tier="pilot", batch="attempts:2") as captured:
        assert op.log_attempt(entry)
        generate("p")
    assert [batch.batch_size for batch in captured.batches] == [2]
    assert [record.tier for record in captured.records] == ["pilot", "pilot"]


def test_streams_are_bounded_and_none_is_left_out(make_entry: MakeEntry) -> None:
    """The 33rd run and all later ones share one stream; every attempt is in one batch."""
    with capture(batch="attempts:100") as captured:
        for number in range(50):
            for _ in range(3):
                assert op.log_attempt(make_entry(run_id=f"r{number}_x"))
    sizes = [batch.batch_size for batch in captured.batches]
    tiers = {
        dict(labels)["tier"]: point.value
        for labels, point in captured.metric("persona.tier.total_attempts").items()
    }

    assert sum(sizes) == sum(tiers.values()) == 150
    assert sorted(sizes) == [3] * 32 + [54]
    assert tiers["other"] == 54


def test_an_attempt_that_the_policy_cannot_place_is_counted(
    generate: Generate, counts: Callable[[str], dict[str, int]], tmp_path: Path
) -> None:
    """Its line is written, the other figures go on, and the reason is told."""
    with capture(batch="sequence:10", log=tmp_path / "generation.log") as captured:
        for persona_id in ("1", "a", "2", "b"):
            generate(persona_id)

    assert [batch.batch_size for batch in captured.batches] == [2]
    assert len((tmp_path / "generation.log").read_bytes().splitlines()) == 4
    assert counts("rejected") == {"figures": 2}


@pytest.mark.parametrize(("policy", "closes_at"), [("attempts:50", 50), ("personas:10", 11)])
def test_a_flush_in_between_delays_no_batch(
    policy: str, closes_at: int, generate: Generate
) -> None:
    """A batch closes with the attempt that closes it, whatever was asked for before."""
    closed_at: list[int] = []
    made = 0
    provider = TracerProvider(shutdown_on_exit=False)
    handle = op.configure(
        batch=policy, tracer_provider=provider, on_batch=lambda _: closed_at.append(made)
    )
    for number in range(1, 61):
        made = number
        generate(str(number))
        if number in (7, closes_at - 2):
            handle.force_flush()
    handle.shutdown()
    assert closed_at[0] == closes_at
