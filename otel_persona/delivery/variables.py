"""The standard variables that set the sizes of queues and the times between deliveries."""

from __future__ import annotations

import logging
import os

_LARGEST = 2**31 - 1

_log = logging.getLogger("otel_persona.delivery")


def positive(variable: str, default: int) -> int:
    """Read a whole number from 1 to 2³¹ − 1; one that is wrong is logged, and the default taken.

    The SDK's own processors raise for a number below 1, or that no queue can have.
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        number = 0
    if 0 < number <= _LARGEST:
        return number
    _log.warning("%s: %r is not right, so it is %d; write a whole number", variable, text, default)
    return default
