"""What an aggregator holds does not grow with the number of attempts."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from otel_persona.aggregation import Aggregator
from otel_persona.records import AttemptRecord, format_timestamp
from otel_persona.settings import Settings

BATCH = 1000
ATTEMPTS = 100_000


@pytest.mark.parametrize(
    ("policy", "open_batches"),
    [
        (f"personas:{BATCH}", None),
        (f"attempts:{BATCH}", None),
        (f"sequence:{BATCH}", 1),
        ("prefix", 1),
        ("time:1000s", 1),
    ],
)
def test_at_most_one_batch_is_held(
    policy: str, open_batches: int | None, make_record: Callable[..., AttemptRecord]
) -> None:
    """After 100,000 attempts the ids, anchors and latencies of the last batch are held, no more."""
    aggregator = Aggregator(Settings(batch=policy), open_batches=open_batches)
    held = []
    for number in range(ATTEMPTS):
        prefix = f"{number // BATCH:03}-" if policy == "prefix" else ""
        aggregator.add(
            make_record(
                ts=format_timestamp(number * 1_000_000),
                persona_id=f"{prefix}{number:07}",
                anchors_used=[f"anchor {number:07}"],
                latency_ms=100_000 + number,
                validator_scores={"pollyanna": number / ATTEMPTS},
            )
        )
        if number % BATCH == BATCH - 2:
            held.append(pickle.dumps(aggregator))
    assert held[-1].count(b"anchor ") == BATCH - 1
    assert len(held[-1]) < 1.1 * len(held[0])
