"""Setting up: providers are joined or built, our processors added, and all of it shut down again.

``configuration`` is the whole of it; ``problems`` names what keeps it from being done,
``providers`` joins or builds, ``attempt_processors`` makes our processors and ``pipeline`` holds
them on a provider, ``senders`` makes the exporters that send, and ``handle`` flushes and shuts down
within a deadline.
"""

from otel_persona.setup.configuration import configure, configure_from_environment, shutdown
from otel_persona.setup.handle import Handle

__all__ = ["Handle", "configure", "configure_from_environment", "shutdown"]
