"""The hook that sets up this process if an attempt starts before ``configure`` was called."""

from __future__ import annotations

import os
from collections.abc import Callable

_ASKING = ("OTEL_PERSONA_LOG", "OTEL_PERSONA_SIDECARS", "OTEL_PERSONA_SETTINGS")


def is_asked_for() -> bool:
    """Return whether the environment asks for set-up without a call of ``configure``."""
    return any(os.environ.get(variable) for variable in _ASKING)


def _nothing() -> None:
    """Do nothing."""


on_first_use: Callable[[], None] = _nothing
"""Called before the first attempt; the package installs setup from the environment here."""
