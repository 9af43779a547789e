"""What sets this process up when an attempt starts and nobody has called ``configure``."""

from __future__ import annotations

from collections.abc import Callable


def _nothing() -> None:
    """Set nothing up."""


on_first_use: Callable[[], None] = _nothing
"""Called before the first attempt; the package puts the set-up from the environment here."""
