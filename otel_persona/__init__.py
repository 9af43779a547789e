"""OpenTelemetry for synthetic persona generation: see early that a run's output is collapsing.

Decorate the functions that generate, and each call becomes a span, metrics, one JSON line, and
part of the batch and tier figures::

    import otel_persona as op

    op.configure(run_id="25K_20260131_143200", log="generation.log")

    @op.attempt(stage="B")
    def write_background(persona_id, prompt):
        ...

The SDK is imported when it is first needed: a program that only has decorators loads the
OpenTelemetry API and nothing heavier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_persona.errors import (
    LogReadError,
    PersonaError,
    RecordError,
    SettingsError,
    UsageError,
)
from otel_persona.instrumentation import (
    Attempt,
    attempt,
    current_attempt,
    log_attempt,
    persona,
    telemetry,
)

if TYPE_CHECKING:
    from otel_persona.exporters import AttemptFileExporter
    from otel_persona.processors import (
        AttemptSampler,
        AttemptSpanProcessor,
        DriftProcessor,
        UsageProcessor,
    )
    from otel_persona.setup import Handle, configure, shutdown

__version__ = "0.1.0"

_ROOMS = {
    "AttemptFileExporter": "otel_persona.exporters",
    "AttemptSampler": "otel_persona.processors",
    "AttemptSpanProcessor": "otel_persona.processors",
    "DriftProcessor": "otel_persona.processors",
    "Handle": "otel_persona.setup",
    "UsageProcessor": "otel_persona.processors",
    "configure": "otel_persona.setup",
    "shutdown": "otel_persona.setup",
}

__all__ = [
    "Attempt",
    "AttemptFileExporter",
    "AttemptSampler",
    "AttemptSpanProcessor",
    "DriftProcessor",
    "Handle",
    "LogReadError",
    "PersonaError",
    "RecordError",
    "SettingsError",
    "UsageError",
    "UsageProcessor",
    "attempt",
    "configure",
    "current_attempt",
    "log_attempt",
    "persona",
    "shutdown",
]


def __getattr__(name: str) -> Any:
    """Import what needs the SDK when it is asked for."""
    room = _ROOMS.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(room), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])


def _set_up_from_environment() -> None:
    from os import environ

    if environ.get("OTEL_PERSONA_LOG") or environ.get("OTEL_PERSONA_SETTINGS"):
        from otel_persona.setup import configure_from_environment

        configure_from_environment()


telemetry.on_first_use(_set_up_from_environment)
