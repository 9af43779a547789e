"""The live API: decorators and context managers that turn generation into spans and metrics.

``decorator`` is ``attempt(...)``, with its call shapes in ``calls`` and ``generators``;
``persona_id`` finds the persona in a call's arguments. ``running_attempt`` is one running attempt,
``scope`` a persona's scope, ``nesting`` what runs inside what, ``subjects`` the target and symbol
that neither names; ``entry`` takes a finished attempt as a mapping; ``values`` and ``outcomes``
make their inputs fit for a record. All of them use the process's ``telemetry``, whose counters and
histograms are in ``metrics``. Only the OpenTelemetry API is imported here, never the SDK.
"""

from otel_persona.instrumentation.decorator import AttemptUse, attempt
from otel_persona.instrumentation.entry import log_attempt
from otel_persona.instrumentation.running_attempt import Attempt, current_attempt
from otel_persona.instrumentation.scope import PersonaScope, persona

__all__ = [
    "Attempt",
    "AttemptUse",
    "PersonaScope",
    "attempt",
    "current_attempt",
    "log_attempt",
    "persona",
]
