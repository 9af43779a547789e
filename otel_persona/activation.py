"""The hook that sets up this process if an attempt starts before ``configure`` was called."""

from __future__ import annotations

from collections.abc import Callable


def _nothing() -> None:
    """Do nothing."""


on_first_use: Callable[[], None] = _nothing
"""Called before the first attempt; the package installs setup from the environment here."""
