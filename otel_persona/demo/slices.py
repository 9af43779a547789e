"""The real requests cut into five runs: what cohort sidecars are shown on.

Each provider was asked 150 times for each size of the model. Consecutive slices of 30 stand for
runs, the size is the target, the provider the symbol. Nobody wrote personas in these requests, so
they are attempts of stage ``validation`` with latency, tokens and failures alone. The data has no
time for each request: each provider's clock starts with the slice and moves by each latency, and
the slices start an hour apart on the day of the publisher's table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from otel_persona.demo.generation import provider_error
from otel_persona.demo.sources import Request, load_requests
from otel_persona.records import AttemptRecord, format_timestamp

SLICES = 5
REQUESTS_IN_A_SLICE = 30

_FIRST_SLICE_US = int(datetime(2023, 12, 19, tzinfo=UTC).timestamp()) * 1_000_000
_HOUR_US = 3_600_000_000
_SIZE = re.compile(r"-(\d+b)\b")


def sliced_attempts() -> Iterator[AttemptRecord]:
    """Yield the attempts of the runs ``slice_1`` to ``slice_5``, each run in order of time."""
    series = [list(requests) for _, requests in groupby(load_requests(), key=_series)]
    for index in range(SLICES):
        attempts = [
            attempt for requests in series for attempt in _attempts_of_slice(requests, index)
        ]
        yield from sorted(attempts, key=lambda attempt: attempt.ts)


def _series(request: Request) -> tuple[str, str]:
    return request.provider, request.model


def _attempts_of_slice(requests: list[Request], index: int) -> Iterator[AttemptRecord]:
    first = index * REQUESTS_IN_A_SLICE
    clock_us = _FIRST_SLICE_US + index * _HOUR_US
    for number in range(first, first + REQUESTS_IN_A_SLICE):
        attempt = _attempt(requests[number], f"slice_{index + 1}", number + 1)
        clock_us += attempt.latency_ms * 1_000
        attempt.ts = format_timestamp(clock_us)
        yield attempt


def _attempt(request: Request, run_id: str, number: int) -> AttemptRecord:
    size = _size(request.model)
    return AttemptRecord(
        ts="",
        run_id=run_id,
        persona_id=f"{request.provider}-{size}-{number}",
        stage="validation",
        attempt=1,
        status="success" if request.error_code is None else "fail",
        latency_ms=round(request.latency_s * 1000) if request.measured else 0,
        prompt_tokens=request.input_tokens if request.measured else 0,
        completion_tokens=request.output_tokens if request.measured else 0,
        repairs=[],
        validator_scores={},
        opening_move=None,
        constraint_categories=[],
        anchors_used=[],
        error=_error(request),
        target=size,
        symbol=request.provider,
        model=request.model,
    )


def _size(model: str) -> str:
    found = _SIZE.search(model)
    if found is None:
        raise ValueError(f"no size such as 70b in the model's name {model!r}")
    return found[1]


def _error(request: Request) -> str | None:
    if request.error_code is None:
        return None
    error = provider_error(request, request.error_code)
    return f"{type(error).__name__}: {error}"
