"""``configure``: from settings to a running pipeline."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Unpack

from opentelemetry._logs import LoggerProvider
from opentelemetry.metrics import MeterProvider, NoOpMeterProvider
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import NoOpTracerProvider, TracerProvider

from otel_persona import activation
from otel_persona.concurrency.spare_thread import spare_thread
from otel_persona.delivery import SpanQueue, loss_counter
from otel_persona.errors import SettingsError
from otel_persona.instrumentation import telemetry
from otel_persona.instrumentation.telemetry import Clock, Telemetry
from otel_persona.mismatches import wrong_arguments
from otel_persona.processors import AttemptSpanProcessor
from otel_persona.processors.drift import OnBatch, OnIndicatorChange
from otel_persona.records import tallies
from otel_persona.settings import FurtherSettings, Settings, read_settings, switched_off
from otel_persona.setup import providers
from otel_persona.setup.attempt_processors import attempt_processors
from otel_persona.setup.endings import Endings
from otel_persona.setup.exporter_factories import exporter_factories
from otel_persona.setup.handle import Handle, Step, run_within
from otel_persona.setup.pipeline import Pipeline, TakesProcessors, pipeline_on
from otel_persona.setup.problems import clock_problems, path_problems, sending_problems

_EXIT_TIMEOUT_S = 10.0

_active: Handle | None = None
_pipeline = Pipeline()
_own_providers = providers.OwnProviders()
_lock = threading.RLock()


def configure(
    *,
    run_id: str | None = None,
    tier: str | None = None,
    log: str | os.PathLike[str] | None = None,
    sidecars: str | os.PathLike[str] | None = None,
    otlp: str | None = None,
    batch: str | None = None,
    settings: str | os.PathLike[str] | None = None,
    clock: Clock | None = None,
    on_batch: OnBatch | None = None,
    on_indicator_change: OnIndicatorChange | None = None,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    logger_provider: LoggerProvider | None = None,
    **further: Unpack[FurtherSettings],
) -> Handle:
    """Set up this process; everything is optional.

    ``run_id``, ``tier``, ``log``, ``sidecars``, ``otlp``, ``batch`` and ``further`` are the
    settings (see ``Settings`` for what each one means); they override the ``settings`` file (TOML
    if its name ends in ``.toml``, else YAML), which overrides ``OTEL_PERSONA_*``. ``run_id``
    defaults to the tier, or ``run``, and the UTC time: ``25K_20260131_143200``.

    Existing providers are joined, never replaced: those given, else the global ones; missing ones
    are built from ``otlp`` or ``OTEL_*``. A joined provider keeps sending to where it was set up to
    send; ``otlp`` then adds an address for spans only. With ``log`` or ``sidecars`` alone nothing
    is sent anywhere.

    ``on_batch`` gets each closed batch's ``BatchSummary``, ``on_indicator_change`` each
    ``IndicatorChange``, in a thread that ends an attempt. ``clock`` returns nanoseconds since the
    epoch as an int, for a replay that determines how long an attempt took.

    A later call replaces an earlier one. With ``OTEL_SDK_DISABLED=true`` nothing is set up. Raises
    ``SettingsError`` with every problem.
    """
    named = {
        "run_id": run_id,
        "tier": tier,
        "log": log,
        "sidecars": sidecars,
        "otlp": otlp,
        "batch": batch,
    }
    read = read_settings({**named, **further}, file=settings)
    parts = _Parts(
        clock, on_batch, on_indicator_change, tracer_provider, meter_provider, logger_provider
    )
    problems = [
        *wrong_arguments("configure", **parts._asdict()),
        *clock_problems(clock),
        *read.problems,
        *path_problems(read),
        *sending_problems(read),
    ]
    if problems:
        raise SettingsError(problems)
    return _set_up(read.settings, parts, is_sending=True)


def configure_from_environment() -> None:
    """Set up if the environment asks for it and nothing is set up.

    It does with ``OTEL_PERSONA_LOG``, ``OTEL_PERSONA_SIDECARS`` or ``OTEL_PERSONA_SETTINGS``. Files
    need no exporter: if one cannot be had, that is told, and nothing is sent. Raises
    ``SettingsError`` if anything else is wrong.
    """
    with _lock:
        if not activation.is_asked_for() or is_set_up():
            return
        read = read_settings()
        unsent = list(sending_problems(read))
        if problems := [*read.problems, *path_problems(read)]:
            raise SettingsError([*problems, *unsent])
        if unsent:
            tallies.rejected.add("exporters", f"nothing is sent: {'; '.join(unsent)}")
        _set_up(read.settings, _Parts(), is_sending=not unsent)


def is_set_up() -> bool:
    """Return whether ``configure`` was called, and no shutdown after it."""
    return _active is not None and not _active.closed


def was_set_up() -> bool:
    """Return whether ``configure`` was ever called, so that attempts were folded by it."""
    return _active is not None


def shutdown(timeout_s: float = 10.0) -> bool:
    """Shut down what ``configure`` set up; returns what ``Handle.shutdown`` returns."""
    return _active.shutdown(timeout_s) if _active is not None else True


class _Parts(NamedTuple):
    """What ``configure`` is given besides settings."""

    clock: Clock | None = None
    on_batch: OnBatch | None = None
    on_indicator_change: OnIndicatorChange | None = None
    tracer_provider: TracerProvider | None = None
    meter_provider: MeterProvider | None = None
    logger_provider: LoggerProvider | None = None


def _set_up(settings: Settings, parts: _Parts, *, is_sending: bool) -> Handle:
    """Set up with settings that were checked; providers that send are built if ``is_sending``."""
    if switched_off():
        return _switch_off(settings)
    with _lock:
        provider = providers.join_or_build(parts.tracer_provider, _own_providers)
        if is_sending and parts.meter_provider is None:
            providers.build_meter_provider(settings.otlp, _own_providers)
        if is_sending and parts.logger_provider is None:
            providers.build_logger_provider(settings.otlp, _own_providers)
        if provider is not None:
            providers.keep_attempts(provider)
        in_use = Telemetry(
            settings,
            tracer_provider=parts.tracer_provider,
            meter_provider=parts.meter_provider,
            clock=parts.clock,
        )
        own = attempt_processors(
            settings,
            in_use.run_id,
            on_batch=parts.on_batch,
            on_indicator_change=parts.on_indicator_change,
            meter_provider=parts.meter_provider,
            logger_provider=parts.logger_provider,
        )
        queues = _span_queues(settings, provider) if is_sending else []
        loss_counter.on(parts.meter_provider)
        if queues or _own_providers.sends():
            spare_thread.keep()
        pipeline = pipeline_on(provider) if provider is not None else Pipeline()
        telemetry.install(in_use)
        return _put_in_place(pipeline, own, queues)


def _span_queues(settings: Settings, provider: TakesProcessors | None) -> list[SpanQueue]:
    """Make what sends spans; for a joined provider only if ``otlp`` adds an address."""
    is_ours = provider is _own_providers.tracer_provider
    if provider is None or not (is_ours or settings.otlp):
        return []
    return [SpanQueue(factory) for factory in exporter_factories("traces", settings.otlp)]


def _switch_off(settings: Settings) -> Handle:
    """Make attempts do nothing."""
    in_use = Telemetry(
        settings, tracer_provider=NoOpTracerProvider(), meter_provider=NoOpMeterProvider()
    )
    with _lock:
        telemetry.install(in_use)
        return _put_in_place(Pipeline(), [], [])


def _put_in_place(
    pipeline: Pipeline, own: Sequence[SpanProcessor], queues: Sequence[SpanProcessor]
) -> Handle:
    """Put our ``own`` processors and the ``queues`` in place of those of an earlier call.

    The earlier ones are closed; providers that the earlier call built stay in use.
    """
    global _active, _pipeline
    earlier, previous, finished = _active, _pipeline, _pipeline.processors
    pipeline.use((*own, *queues))
    if previous is not pipeline:
        previous.use(())
    _pipeline = pipeline
    _endings.cover()
    _active = Handle(
        flush=[*map(_flush, pipeline.processors), _own_providers.force_flush],
        close=[*map(_finish, (*own, *queues)), _own_providers.shutdown],
    )
    if earlier is not None and earlier.retire():
        run_within(_EXIT_TIMEOUT_S, [_close(processor) for processor in finished])
    return _active


def _flush(processor: SpanProcessor) -> Step:
    return lambda left: processor.force_flush(int(left * 1000))


def _finish(processor: SpanProcessor) -> Step:
    """Flush, then close: the SDK's shutdown returns no result, but a flush does."""
    if isinstance(processor, AttemptSpanProcessor):
        return processor.finish

    def finish(left_s: float) -> bool:
        flushed = processor.force_flush(int(left_s * 1000))
        processor.shutdown()
        return flushed

    return finish


def _close(processor: SpanProcessor) -> Step:
    return lambda _left: processor.shutdown()


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()


def _end_worker() -> None:
    """End a worker, where providers of others would lose what they hold: ``atexit`` is not run."""
    shutdown(_EXIT_TIMEOUT_S)
    run_within(_EXIT_TIMEOUT_S, [_own_providers.flush_joined])


_endings = Endings(partial(shutdown, _EXIT_TIMEOUT_S), end_worker=_end_worker)
os.register_at_fork(after_in_child=_renew_lock)
