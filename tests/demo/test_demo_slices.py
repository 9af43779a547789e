"""The slices that sidecars are shown on are the real requests, each once and in its order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from otel_persona.demo.slices import REQUESTS_IN_A_SLICE, SLICES, sliced_attempts
from otel_persona.demo.sources import load_requests
from otel_persona.records import decode_line, encode_line, parse_timestamp


def test_every_request_is_an_attempt_of_its_own_slice() -> None:
    """14 pairs of size and provider, 30 requests of each in each of five runs; none is lost."""
    pairs = Counter(
        (attempt.run_id, attempt.target, attempt.symbol) for attempt in sliced_attempts()
    )
    assert len(pairs) == SLICES * 14
    assert set(pairs.values()) == {REQUESTS_IN_A_SLICE}
    assert {target for _, target, _ in pairs} == {"7b", "13b", "70b"}
    assert len({symbol for _, _, symbol in pairs}) == 6


def test_requests_keep_their_order_and_their_figures() -> None:
    """Joined again, the slices of a series are the requests as published, to the millisecond."""
    series: dict[tuple[str | None, str | None], list[tuple[int, int, bool]]] = {}
    for attempt in sliced_attempts():
        series.setdefault((attempt.symbol, attempt.model), []).append(
            (attempt.latency_ms, attempt.completion_tokens, attempt.status == "success")
        )
    published: dict[tuple[str | None, str | None], list[tuple[int, int, bool]]] = {}
    for request in load_requests():
        latency_ms = round(request.latency_s * 1000) if request.measured else 0
        tokens = request.output_tokens if request.measured else 0
        published.setdefault((request.provider, request.model), []).append(
            (latency_ms, tokens, request.error_code is None)
        )
    assert series == published


def test_runs_follow_one_another() -> None:
    """Each run ends before the next begins, and its attempts are in order of time."""
    runs: dict[str, list[int]] = {}
    for attempt in sliced_attempts():
        runs.setdefault(attempt.run_id, []).append(parse_timestamp(attempt.ts))
    assert list(runs) == ["slice_1", "slice_2", "slice_3", "slice_4", "slice_5"]
    assert all(times == sorted(times) for times in runs.values())
    assert all(max(run) < min(later) for run, later in pairwise(runs.values()))


def test_slices_are_lines_of_a_log() -> None:
    """A reader takes every attempt as it is, failures with the error that the data names."""
    attempts = list(sliced_attempts())
    assert [decode_line(encode_line(attempt)) for attempt in attempts] == attempts
    errors = Counter((attempt.error or "").partition(":")[0] for attempt in attempts)
    assert errors == {
        "": 1561,
        "RateLimitedError": 392,
        "OutputTooShortError": 146,
        "NoAnswerError": 1,
    }
