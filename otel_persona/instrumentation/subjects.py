"""What an attempt is about where neither it nor its scope says so: the target and the symbol.

The nearest one counts: the attempt's own, the scope's, that of OpenTelemetry's baggage, which a
caller in another process may have sent along, and at last that of the settings.
"""

from __future__ import annotations

from opentelemetry import baggage

from otel_persona.instrumentation import values
from otel_persona.semconv import Attribute
from otel_persona.settings import Settings

Subject = tuple[str | None, str | None]
"""A target and a symbol."""


def completed(target: str | None, symbol: str | None, settings: Settings) -> Subject:
    """Fill in what is missing: from the baggage of the current context, else from the settings."""
    if not (target and symbol) and (carried := baggage.get_all()):
        target = target or values.optional_text(carried.get(Attribute.TARGET), "target")
        symbol = symbol or values.optional_text(carried.get(Attribute.SYMBOL), "symbol")
    return target or settings.target, symbol or settings.symbol
