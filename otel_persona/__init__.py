"""OpenTelemetry for synthetic persona generation: see early that a run's output is collapsing.

Decorate the functions that generate, and each call becomes a span, metrics, one JSON line, and
part of the batch and tier figures::

    import otel_persona as op

    op.configure(run_id="25K_20260131_143200", log="generation.log")

    @op.attempt(stage="B")
    def write_background(persona_id, prompt):
        ...

Each subpackage is imported on first use: a program that only uses decorators loads the
OpenTelemetry API and nothing heavier; ``configure`` brings in the SDK.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from otel_persona import activation
from otel_persona.errors import (
    CohortError,
    IsolationError,
    LogReadError,
    PersonaError,
    RecordError,
    SettingsError,
    UsageError,
)
from otel_persona.version import __version__ as __version__

if TYPE_CHECKING:
    from otel_persona.aggregation import BatchSummary, IndicatorChange
    from otel_persona.cohorts import ReproducibilityTracker
    from otel_persona.exporters import AttemptFileExporter
    from otel_persona.exporters.cohort_exporter import CohortExporter
    from otel_persona.instrumentation import (
        Attempt,
        attempt,
        current_attempt,
        log_attempt,
        persona,
    )
    from otel_persona.processors import (
        AttemptSampler,
        AttemptSpanProcessor,
        DriftProcessor,
        UsageProcessor,
    )
    from otel_persona.settings import Settings
    from otel_persona.setup.configuration import configure, shutdown
    from otel_persona.setup.handle import Handle

_ROOMS = {
    "BatchSummary": "aggregation",
    "IndicatorChange": "aggregation",
    "ReproducibilityTracker": "cohorts",
    "Attempt": "instrumentation",
    "AttemptFileExporter": "exporters",
    "AttemptSampler": "processors",
    "AttemptSpanProcessor": "processors",
    "CohortExporter": "exporters.cohort_exporter",
    "DriftProcessor": "processors",
    "Handle": "setup",
    "Settings": "settings",
    "UsageProcessor": "processors",
    "attempt": "instrumentation",
    "configure": "setup",
    "current_attempt": "instrumentation",
    "log_attempt": "instrumentation",
    "persona": "instrumentation",
    "shutdown": "setup",
}

__all__ = [
    "Attempt",
    "AttemptFileExporter",
    "AttemptSampler",
    "AttemptSpanProcessor",
    "BatchSummary",
    "CohortError",
    "CohortExporter",
    "DriftProcessor",
    "Handle",
    "IndicatorChange",
    "IsolationError",
    "LogReadError",
    "PersonaError",
    "RecordError",
    "ReproducibilityTracker",
    "Settings",
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


if not TYPE_CHECKING:  # type checkers know the names above, and would accept any other

    def __getattr__(name: str) -> Any:
        """Import a name's subpackage on first use, and keep the name."""
        room = _ROOMS.get(name)
        if room is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(importlib.import_module(f"{__name__}.{room}"), name)
        return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])


def _set_up_from_environment() -> None:
    if activation.is_asked_for():
        from otel_persona.setup import configure_from_environment

        configure_from_environment()


activation.on_first_use = _set_up_from_environment
