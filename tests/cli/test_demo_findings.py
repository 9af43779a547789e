"""The demo's sentences: there is one for every indicator, whatever the figures and limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from otel_persona.aggregation import Aggregator, BatchSummary
from otel_persona.cli.demo_sentences import finding_sentences
from otel_persona.demo.findings import Findings, Part
from otel_persona.demo.sources import load_texts
from otel_persona.demo.validators import trait_leak
from otel_persona.records import AttemptRecord
from otel_persona.settings import load_settings

HIGH = {"warning": -9.0, "critical": -8.0}
LOW = {"warning": 9_000.0, "critical": 8_000.0}
ALL_CRITICAL = {
    "repair_rate": HIGH,
    "repair_rate_trend": HIGH,
    "opening_entropy": LOW,
    "pollyanna_score": {"low": -10.0, **HIGH},
    "anchor_diversity": LOW,
    "mean_latency": HIGH,
}


def _batches(repairs: list[str]) -> Iterator[BatchSummary]:
    """Make three batches of two attempts, in which every indicator with a value is critical."""
    aggregator = Aggregator(
        load_settings({"batch": "attempts:2", "indicators": ALL_CRITICAL}, environ={})
    )
    for number in range(6):
        record: dict[str, Any] = {
            "ts": f"2026-01-31T14:32:0{number}.000Z",
            "run_id": "demo_1",
            "persona_id": str(number),
            "stage": "B",
            "attempt": 1,
            "status": "success",
            "latency_ms": 1_000,
            "prompt_tokens": 1,
            "completion_tokens": 1,
            "repairs": repairs,
            "validator_scores": {"pollyanna": 0.75, "trait_leak": 0.5},
            "opening_move": "name",
            "constraint_categories": [],
            "anchors_used": ["piano"],
            "error": None,
        }
        yield from aggregator.add(AttemptRecord(**record))


@pytest.mark.parametrize(
    ("repairs", "said"),
    [(["too_positive"], "most often too_positive, 6 of 6 repairs"), ([], "there was no repair")],
)
def test_every_indicator_has_a_meaning(repairs: list[str], said: str) -> None:
    """None is left out in the real part, not even under limits that nothing can keep."""
    real, simulated = Part([*_batches(repairs)]), Part([])
    sentences = [*finding_sentences(Findings(real, simulated))]
    for name in ALL_CRITICAL:
        assert any(sentence.startswith(f"{name} is critical in ") for sentence in sentences), name
    assert any(sentence.endswith(f": {said}.") for sentence in sentences)
    assert not any(sentence.startswith("Healthy") for sentence in sentences)


def test_what_is_said_of_the_500_texts_is_so_whatever_the_attempts() -> None:
    """All of them are looked at, also where a short run has used but a few."""
    texts = load_texts()
    leak = sum(map(trait_leak, texts)) / len(texts)
    assert all(text.startswith("I am") for text in texts)
    *_, last = finding_sentences(Findings(Part([*_batches([])]), Part([])))
    assert f"every one of the {len(texts)} texts begins with 'I am'" in last
    assert f"on average they call {leak:.0%} of" in last


def test_the_simulated_part_is_told_apart() -> None:
    """Its sentences name it, and give its first and its last batch."""
    batches = [*_batches(["too_positive"])]
    sentences = [*finding_sentences(Findings(Part([]), Part(batches)))]
    assert len(sentences) == len(ALL_CRITICAL)
    assert sentences[0] == (
        "In the simulated part repair_rate is 1.000 (critical) in batch 0 and 1.000 (critical) in "
        "batch 2."
    )
