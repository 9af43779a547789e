"""Setting up: providers are joined or built, our processors added, and all of it shut down again.

``configure`` is the whole of it; ``providers`` joins or builds, ``otlp`` makes the exporters that
send, ``handle`` flushes and shuts down within a deadline.
"""

from otel_persona.setup.configure import configure, configure_from_environment, shutdown
from otel_persona.setup.handle import Handle

__all__ = ["Handle", "configure", "configure_from_environment", "shutdown"]
