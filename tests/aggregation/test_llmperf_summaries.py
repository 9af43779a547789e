"""Mean and 95th percentile of real requests against the summaries their publishers made."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_persona.aggregation import BatchState, summarise_batch
from otel_persona.records import AttemptRecord
from otel_persona.settings import Prices

RAW = Path(__file__).parents[2].parent / "shared" / "data" / "llmperf" / "raw_data"
PROVIDERS = sorted(path.stem for path in (RAW / "summary").glob("*.json"))


@pytest.mark.skipif(not PROVIDERS, reason="the llmperf data is not beside this checkout")
@pytest.mark.parametrize("provider", PROVIDERS or ["none"])
def test_latencies_are_the_publishers(
    provider: str, make_record: Callable[..., AttemptRecord]
) -> None:
    """Successes alone, linear interpolation: within the rounding to whole milliseconds."""
    requests = json.loads((RAW / "individual" / f"{provider}.json").read_text())
    published = json.loads((RAW / "summary" / f"{provider}.json").read_text())
    state = BatchState()
    for request in requests:
        state.add(
            make_record(
                status="fail" if request["error_code"] else "success",
                latency_ms=round(request["end_to_end_latency_s"] * 1000),
            )
        )
    ours = summarise_batch(state, Prices())
    latency = "results_end_to_end_latency_s"
    # Rounding moves each latency by half a millisecond at most, and so the mean and percentile.
    assert ours.mean_latency_success_ms == pytest.approx(
        published[f"{latency}_mean"] * 1e3, abs=0.5
    )
    assert ours.p95_latency_success_ms == pytest.approx(
        published[f"{latency}_quantiles_p95"] * 1e3, abs=0.5
    )
    assert 1 - ours.success_rate == pytest.approx(published["results_error_rate"])
