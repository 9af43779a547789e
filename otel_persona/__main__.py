"""``python -m otel_persona`` is ``otel-persona``."""

from otel_persona.cli import main

main()
