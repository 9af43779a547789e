"""What every test of the live API begins and ends with."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from opentelemetry import context as context_api
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor

from otel_persona.records import tallies
from otel_persona.testing import Captured, capture


@pytest.fixture(autouse=True)
def _nothing_left_behind(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Count from zero; end with the context untouched and nothing logged about it."""
    for tally in (tallies.lost, tallies.rejected, tallies.warned, tallies.faults):
        tally.reset()
    before = context_api.get_current()
    yield
    assert context_api.get_current() == before
    for record in caplog.get_records("call"):
        assert "detach" not in record.getMessage()
        assert not (record.name == "asyncio" and record.levelno >= logging.ERROR)


@pytest.fixture
def captured() -> Iterator[Captured]:
    """Give what the test's attempts leave behind."""
    with capture(run_id="25K_20260131_143200") as kept:
        yield kept


@pytest.fixture
def outcomes(captured: Captured) -> Callable[[], list[str]]:
    """Give a function that lists the outcomes of the attempts that have ended."""

    def of_attempts() -> list[str]:
        return [
            str(span.attributes["persona.attempt.outcome"])
            for span in captured.spans
            if span.attributes is not None and "persona.stage" in span.attributes
        ]

    return of_attempts


class _Starts(SpanProcessor):
    def __init__(self) -> None:
        self.names: list[str] = []

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.names.append(span.name)


@pytest.fixture
def started(captured: Captured) -> list[str]:
    """Give the names of the spans that have started, those that never end included."""
    starts = _Starts()
    captured.tracer_provider.add_span_processor(starts)
    return starts.names
