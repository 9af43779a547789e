"""Mean and 95th percentile of real requests against the summaries their publishers made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otel_persona.aggregation import BatchState, summarise_batch
from otel_persona.demo.sources import load_requests
from otel_persona.records import AttemptRecord
from otel_persona.settings import Prices
from tests.llmperf import Summary, published_summaries


def test_every_request_has_a_summary() -> None:
    """The 14 summaries are of all 2,100 requests, so that none is left unchecked."""
    requests = {(request.provider, request.model) for request in load_requests()}
    summaries = published_summaries()
    assert {(summary.provider, summary.model) for summary in summaries} == requests
    assert len(summaries) == 14
    assert sum(summary.requests for summary in summaries) == len(load_requests())


@pytest.mark.parametrize("published", published_summaries(), ids=str)
def test_latencies_are_the_publishers(
    published: Summary, make_record: Callable[..., AttemptRecord]
) -> None:
    """Successes alone, linear interpolation: within the rounding to whole milliseconds."""
    state = BatchState()
    for request in load_requests():
        if (request.provider, request.model) == (published.provider, published.model):
            state.add(
                make_record(
                    status="success" if request.error_code is None else "fail",
                    latency_ms=round(request.latency_s * 1000),
                )
            )
    ours = summarise_batch(state, Prices())
    assert state.attempts == published.requests
    # Rounding moves each latency by half a millisecond at most, and so the mean and percentile.
    assert ours.mean_latency_success_ms == pytest.approx(published.mean * 1e3, abs=0.5)
    assert ours.p95_latency_success_ms == pytest.approx(published.percentiles[95] * 1e3, abs=0.5)
    assert 1 - ours.success_rate == pytest.approx(published.errors / published.requests)
