"""The errors that this package raises.

PersonaError
├── SettingsError    a setting is wrong; every problem is named at once
├── UsageError       the API is used wrongly where it is written
├── RecordError      an attempt entry or a log line is not a valid record
└── LogReadError     a log cannot be read at all
"""

from __future__ import annotations

from collections.abc import Sequence


class PersonaError(Exception):
    """The root of every error of this package."""


class SettingsError(PersonaError, ValueError):
    """One or more settings are wrong.

    ``problems`` holds one sentence for each, naming the setting, where its value came from, and
    what would be right.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Write every problem in one sentence."""
        return "; ".join(self.problems)


class UsageError(PersonaError, ValueError):
    """The API is used in a way that cannot work, such as a stage that nobody declared."""


class RecordError(PersonaError, ValueError):
    """An attempt entry or a log line is not a valid record; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class LogReadError(PersonaError, OSError):
    """A log file cannot be opened or read at all."""
