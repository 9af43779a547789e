"""Telemetry that fails never reaches the user's function, nor its result or its exception."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NoReturn

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult

import otel_persona as op
from otel_persona.testing import Captured, capture


class BrokenStart(SpanProcessor):
    """A processor that fails when a span starts."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Fail."""
        raise RuntimeError("processor")


class BrokenEnd(SpanProcessor):
    """A processor that fails when a span ends."""

    def on_end(self, span: ReadableSpan) -> None:
        """Fail."""
        raise RuntimeError("processor")


class BrokenTracer(trace.Tracer):
    """A tracer that fails."""

    def start_span(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Fail."""
        raise RuntimeError("tracer")

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Fail."""
        raise RuntimeError("tracer")


class BrokenTracerProvider(trace.TracerProvider):
    """A provider of tracers that fail."""

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        """Give one."""
        return BrokenTracer()


class BrokenSampler(Sampler):
    """A sampler that fails."""

    def should_sample(self, *args: Any, **kwargs: Any) -> SamplingResult:
        """Fail."""
        raise RuntimeError("sampler")

    def get_description(self) -> str:
        """Name it."""
        return "broken"


class BrokenSpan(trace.NonRecordingSpan):
    """A span that records, and fails at everything."""

    def is_recording(self) -> bool:
        """Say yes."""
        return True

    def set_attributes(self, attributes: object) -> NoReturn:
        """Fail."""
        raise RuntimeError("span")

    def end(self, end_time: int | None = None) -> NoReturn:
        """Fail."""
        raise RuntimeError("span")


class BrokenSpanTracer(BrokenTracer):
    """A tracer of spans that fail."""

    def start_span(self, *args: Any, **kwargs: Any) -> Any:
        """Give one."""
        return BrokenSpan(trace.SpanContext(1, 2, is_remote=False))


class BrokenSpanProvider(trace.TracerProvider):
    """A provider of tracers whose spans fail."""

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        """Give one."""
        return BrokenSpanTracer()


class BrokenClock:
    """A clock that stops after some readings."""

    def __init__(self, readings: int) -> None:
        self.left = readings

    def __call__(self) -> int:
        """Give the time, or fail."""
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("clock")
        return 1_000_000_000_000_000_000


def with_processor(processor: SpanProcessor) -> TracerProvider:
    """Give a provider that has this processor."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider


FAULTS: dict[str, Callable[[], dict[str, Any]]] = {
    "start of a processor": lambda: {"tracer_provider": with_processor(BrokenStart())},
    "end of a processor": lambda: {"tracer_provider": with_processor(BrokenEnd())},
    "tracer": lambda: {"tracer_provider": BrokenTracerProvider()},
    "span": lambda: {"tracer_provider": BrokenSpanProvider()},
    "sampler": lambda: {"tracer_provider": TracerProvider(BrokenSampler(), shutdown_on_exit=False)},
    "clock": lambda: {"clock": BrokenClock(0)},
    "clock at the end": lambda: {"clock": BrokenClock(1)},
}


@pytest.fixture(params=FAULTS)
def _broken(request: pytest.FixtureRequest) -> Iterator[None]:
    """Set the process up with something that fails."""
    with capture():
        handle = op.configure(
            **{
                "tracer_provider": TracerProvider(shutdown_on_exit=False),
                "meter_provider": MeterProvider(shutdown_on_exit=False),
                "run_id": "25K_1",
                **FAULTS[request.param](),
            }
        )
        yield
        handle.shutdown()


@op.attempt(stage="B")
def plain(persona_id: str) -> str:
    """Record something, and return."""
    op.current_attempt().record_usage(prompt_tokens=1)
    op.current_attempt().span.set_attribute("x", 1)
    return persona_id


@op.attempt(stage="B")
def raises() -> None:
    """Raise something."""
    raise KeyError("mine")


@op.attempt(stage="B")
def generator() -> Iterator[int]:
    """Count."""
    yield 1
    yield 2


@op.attempt(stage="B")
async def coroutine() -> str:
    """Wait."""
    await asyncio.sleep(0)
    return "text"


@op.attempt(stage="B")
async def async_generator() -> AsyncIterator[int]:
    """Count and wait."""
    yield 1
    await asyncio.sleep(0)
    yield 2


@pytest.mark.usefixtures("_broken")
def test_functions_run_as_without_us() -> None:
    """Results, exceptions, generators and blocks are the user's own, whatever is broken."""

    async def main() -> None:
        assert await coroutine() == "text"
        assert [item async for item in async_generator()] == [1, 2]
        async with op.attempt(stage="B") as attempt:
            attempt.record_repair("r")

    for _ in range(2):
        assert plain("p") == "p"
        with pytest.raises(KeyError, match="mine"):
            raises()
        assert list(generator()) == [1, 2]
        next(iter(generator()))
        asyncio.run(main(), debug=True)
        with op.persona("p") as scope, op.attempt(stage="C") as attempt:
            attempt.record_score("x", 1)
            attempt.span.set_attribute("x", 1)
            scope.span.set_attribute("x", 1)
            assert op.current_attempt().stage in ("C", "")
        with pytest.raises(KeyError), op.persona("p"), op.attempt(stage="C"):
            raise KeyError
    assert trace.get_current_span() is trace.INVALID_SPAN


@pytest.mark.usefixtures("_broken")
def test_entries_are_taken_or_not_and_nothing_is_raised(
    make_entry: Callable[..., dict[str, Any]],
) -> None:
    """``log_attempt`` says whether it could."""
    assert op.log_attempt(make_entry()) in (True, False)


def test_a_fault_is_told_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """Telemetry may fail, never silently."""
    with capture(run_id="25K_1", clock=BrokenClock(0)) as captured:
        for _ in range(5):
            plain("p")
        [point] = captured.metric("persona.records.lost").values()
    assert (point.attributes, point.value) == ({"reason": "internal"}, 5)
    assert len(caplog.messages) == 1
    assert "clock" in caplog.messages[0]


@pytest.mark.parametrize("kind", [ValueError, AssertionError, RecursionError, MemoryError])
def test_a_callback_that_fails(kind: type[Exception], caplog: pytest.LogCaptureFixture) -> None:
    """``on_batch`` and ``on_indicator_change`` are the user's, and may raise anything."""

    def fail(_: object) -> NoReturn:
        raise kind("callback")

    with capture() as captured:
        handle = op.configure(
            run_id="25K_1",
            batch="attempts:1",
            tracer_provider=captured.tracer_provider,
            meter_provider=captured.meter_provider,
            on_batch=fail,
            on_indicator_change=fail,
        )
        for _ in range(3):
            assert plain("p") == "p"
        handle.shutdown()
        assert len(captured.records) == 3
        [point] = captured.metric("persona.faults").values()
    assert point.attributes == {"reason": "callback"}
    assert point.value >= 3
    assert len([message for message in caplog.messages if "callback" in message]) == 1


def test_a_callback_that_makes_an_attempt_itself() -> None:
    """A callback may call what is decorated: no lock is held while it runs."""
    seen: list[str] = []

    def again(_: object) -> None:
        if len(seen) < 3:
            seen.append(plain("from the callback"))

    with capture() as captured:
        handle = op.configure(
            run_id="25K_1",
            batch="attempts:1",
            tracer_provider=captured.tracer_provider,
            meter_provider=captured.meter_provider,
            on_batch=again,
        )
        plain("p")
        handle.shutdown()
    assert len(seen) == 3
    assert len(captured.records) == 4


def test_an_exporter_that_fails(captured: Captured) -> None:
    """One that raises behind our own processor is counted, and the figures go on."""

    class BrokenExporter(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            raise OSError("exporter")

    captured.tracer_provider.add_span_processor(op.AttemptSpanProcessor(BrokenExporter()))
    assert plain("p") == "p"
    assert len(captured.records) == 1
    [point] = captured.metric("persona.records.lost").values()
    assert point.value == 1


def test_a_processor_of_others_that_fails_costs_no_figure() -> None:
    """Another processor's fault must not take our counters with it."""
    with capture(run_id="25K_1") as captured:
        captured.tracer_provider.add_span_processor(BrokenEnd())
        for _ in range(3):
            assert plain("p") == "p"
        assert len(captured.records) == 3
        [point] = captured.metric("persona.attempts").values()
        assert point.value == 3


def test_a_span_that_the_caller_has_ended(captured: Captured) -> None:
    """Its attempt reaches no exporter any more: that is counted, and the metrics have it."""
    with op.attempt(stage="B") as attempt:
        attempt.span.end()
    [lost] = captured.metric("persona.records.lost").values()
    assert lost.attributes == {"reason": "span_ended"}
    assert lost.value == 1
    [ended] = captured.metric("persona.attempts").values()
    assert ended.value == 1


def test_a_provider_that_is_shut_down(captured: Captured) -> None:
    """Attempts after the end of the program's telemetry still run."""
    captured.tracer_provider.shutdown()
    captured.meter_provider.shutdown()
    assert plain("p") == "p"
    assert plain("p") == "p"
    assert list(generator()) == [1, 2]
