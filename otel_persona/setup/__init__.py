"""Setup: joins or builds providers, adds our processors, and shuts all of it down again.

``configuration`` is the entry point; ``problems`` names what prevents setup, ``providers`` joins or
builds providers, ``attempt_processors`` makes our processors and ``pipeline`` holds them on a
provider. ``destinations`` says where each signal goes, and ``exporter_factories`` finds what makes
the exporters. ``handle`` flushes and shuts down within a deadline, and ``endings`` does so at the
end of a process.
"""

from otel_persona.setup.configuration import (
    configure,
    configure_from_environment,
    is_set_up,
    shutdown,
    was_set_up,
)
from otel_persona.setup.handle import Handle

__all__ = [
    "Handle",
    "configure",
    "configure_from_environment",
    "is_set_up",
    "shutdown",
    "was_set_up",
]
