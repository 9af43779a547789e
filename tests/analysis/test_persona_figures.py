"""What is told of each persona, and of each stage."""

from __future__ import annotations

from collections.abc import Callable

from otel_persona.analysis import (
    LogReader,
    PersonaSummary,
    RunAttempts,
    analyze_personas,
    analyze_stages,
    stage_document,
)
from otel_persona.settings import Prices, Settings

Line = Callable[..., bytes]


def _attempts(path: str) -> RunAttempts:
    return RunAttempts(LogReader([path], print), Settings())


def test_a_persona_is_summed_up(line: Line, log: Callable[..., str]) -> None:
    """Attempts by stage, repairs by kind, tokens, cost by model, and when it began and ended."""
    path = log(
        line(persona_id="b", ts="2026-01-31T10:00:01Z", status="fail", repairs=["x", "y"]),
        line(persona_id="a", ts="2026-01-31T10:00:02Z"),
        line(persona_id="b", ts="2026-01-31T10:00:03.5Z", attempt=2, repairs=["x"]),
        line(persona_id="b", ts="2026-01-31T12:00:04+02:00", stage="C", model="large"),
    )
    personas = analyze_personas(_attempts(path), Prices(default=1.0, models={"large": 10.0}))
    assert [persona.persona_id for persona in personas] == ["b", "a"]
    assert personas[0] == PersonaSummary(
        persona_id="b",
        stages={"B": 2, "C": 1},
        attempts=3,
        final_status="success",
        repairs={"x": 2, "y": 1},
        prompt_tokens=1350,
        completion_tokens=960,
        total_tokens=2310,
        cost_usd=2 * 0.77 + 7.7,
        start="2026-01-31T10:00:01.000Z",
        end="2026-01-31T10:00:04.000Z",
    )


def test_the_final_status_is_that_of_the_last_moment(line: Line, log: Callable[..., str]) -> None:
    """Lines of several processes may come out of order; of equal moments the later line counts."""
    path = log(
        line(persona_id="a", ts="2026-01-31T10:00:02Z", status="repair"),
        line(persona_id="a", ts="2026-01-31T10:00:01Z", status="fail"),
        line(persona_id="b", ts="2026-01-31T10:00:02Z", status="fail"),
        line(persona_id="b", ts="2026-01-31T10:00:02Z", status="success"),
    )
    personas = analyze_personas(_attempts(path), Prices())
    assert [persona.final_status for persona in personas] == ["repair", "success"]


def test_a_stage_has_the_figures_of_a_batch(line: Line, log: Callable[..., str]) -> None:
    """Under the same names, in order of first appearance, without what only a batch has."""
    path = log(
        line(stage="C", latency_ms=100, repairs=["x"]),
        line(stage="B", latency_ms=200),
        line(stage="C", latency_ms=300, persona_id="2"),
    )
    stages = analyze_stages(_attempts(path), Prices())
    assert list(stages) == ["C", "B"]
    document = stage_document("C", stages["C"])
    assert document["stage"] == "C"
    assert (document["personas"], document["batch_size"]) == (2, 2)
    assert (document["mean_latency_ms"], document["repair_rate"]) == (200.0, 0.5)
    assert not {"index", "key", "complete", "indicators"} & set(document)
