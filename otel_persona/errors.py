"""The errors that this package raises.

PersonaError
├── SettingsError    settings are wrong; names every problem at once
├── UsageError       the API is used incorrectly
├── RecordError      an attempt entry or a log line is not a valid record
├── LogReadError     a log cannot be read at all
└── CohortError      a cohort cannot be read, written or compared
    └── IsolationError   two cohorts differ in stage, view, target or symbol
"""

from __future__ import annotations

from collections.abc import Sequence


class PersonaError(Exception):
    """The base class of every error this package raises."""


class SettingsError(PersonaError, ValueError):
    """One or more settings are wrong.

    ``problems`` holds one sentence for each: the setting, where its value came from, and what
    would be right.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Join all problems into one sentence."""
        return "; ".join(self.problems)


class UsageError(PersonaError, ValueError):
    """The API is used in a way that cannot work, such as with an undeclared stage."""


class RecordError(PersonaError, ValueError):
    """An attempt entry or a log line is not a valid record; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class LogReadError(PersonaError, OSError):
    """A log file cannot be opened or read at all."""


class CohortError(PersonaError, ValueError):
    """A cohort cannot be read, written or compared: a damaged file, or a name no path can hold."""


class IsolationError(CohortError):
    """Two cohorts must not be compared: they differ in stage, view, target or symbol."""
