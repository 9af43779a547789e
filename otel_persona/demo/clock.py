"""A clock that only moves when advanced, so that a replay of hours takes seconds."""

from __future__ import annotations


class VirtualClock:
    """A callable clock in nanoseconds since the epoch; it stands still between advances."""

    def __init__(self, start_ns: int) -> None:
        self._now_ns = start_ns

    def __call__(self) -> int:
        """Return the time."""
        return self._now_ns

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._now_ns += round(seconds * 1e9)
