"""The JSON of summaries: the names that scripts and dashboards hold on to."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec

import otel_persona.aggregation
from otel_persona.aggregation import Aggregator
from otel_persona.records import AttemptRecord
from otel_persona.settings import Settings

BATCH = [
    "index",
    "key",
    "complete",
    "personas",
    "start",
    "end",
    "batch_size",
    "success_rate",
    "mean_latency_ms",
    "p95_latency_ms",
    "mean_latency_success_ms",
    "p95_latency_success_ms",
    "repair_rate",
    "repair_breakdown",
    "mean_validator_scores",
    "opening_move_entropy",
    "anchor_diversity",
    "anchors_rarefied_150",
    "total_tokens",
    "cost_usd",
    "indicators",
]
TIER = [
    "tier",
    "total_personas",
    "total_attempts",
    "overall_success_rate",
    "repair_rate_trend",
    "latency_trend",
    "opening_entropy_trend",
    "pollyanna_score_trend",
    "drift_detected",
    "drift_reachable",
    "validator_trends",
]


def test_batches_have_the_specified_names(make_record: Callable[..., AttemptRecord]) -> None:
    """Every figure of a batch stands under its own name, and null where there is none."""
    aggregator = Aggregator(Settings(batch="prefix"))
    aggregator.add(make_record(persona_id="b1-7", repairs=["trait_leak"]))
    (batch,) = json.loads(msgspec.json.encode(aggregator.finish()))
    assert list(batch) == BATCH
    assert batch["key"] == "b1"
    assert batch["repair_breakdown"] == {"trait_leak": 1}
    assert batch["mean_validator_scores"] == {
        "trait_leak": None,
        "opening_variation": None,
        "pollyanna": None,
    }
    assert batch["indicators"]["repair_rate"] == {
        "value": 1.0,
        "band": "critical",
        "limits": {"warning": 0.1, "critical": 0.2},
        "n": 1,
    }


def test_a_tier_has_the_specified_names(make_record: Callable[..., AttemptRecord]) -> None:
    """Every figure of a tier stands under its own name; ``drift_detected`` is a plain bool."""
    aggregator = Aggregator(Settings(batch="attempts:1"))
    for leak in (0.0, 1.0):
        aggregator.add(make_record(validator_scores={"trait_leak": leak}))
    tier = json.loads(msgspec.json.encode(aggregator.tier_summary()))
    assert list(tier) == TIER
    assert tier["drift_detected"] is False
    assert tier["drift_reachable"] == {
        "repair_rate_trend": True,
        "opening_entropy_trend": False,
        "pollyanna_score_trend": False,
    }
    assert tier["validator_trends"]["trait_leak"] == {
        "slope": 1.0,
        "direction": "higher_is_worse",
        "worsening": True,
    }


def test_every_public_name_is_there() -> None:
    """What ``__all__`` promises can be imported."""
    for name in otel_persona.aggregation.__all__:
        assert getattr(otel_persona.aggregation, name) is not None
