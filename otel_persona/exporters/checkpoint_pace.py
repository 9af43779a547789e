"""When a running process writes its next checkpoint."""

from __future__ import annotations

from otel_persona.settings import SidecarSettings

_SHARE_OF_TIME = 0.1


class CheckpointPace:
    """Says when a checkpoint is due: after so many attempts or seconds, and not all the time.

    The first attempt of a cohort makes it due at once, so that a worker that is killed has left a
    trace in each of its cohorts. Writing takes at most a tenth of the time. After a failure the
    next one comes after ``checkpoint_s``, however many attempts there are. Moments are in seconds,
    of any steady clock.
    """

    def __init__(self, settings: SidecarSettings) -> None:
        self._settings = settings
        self._attempts = 0
        self._has_new_cohort = False
        self._since: float | None = None
        self._not_before = 0.0
        self._retry_at: float | None = None

    def attempts_to_go(self) -> int:
        """Return with how many more attempts a checkpoint is due."""
        return self._settings.checkpoint_attempts - self._attempts

    def add_attempt(self, now: float, *, of_new_cohort: bool = False) -> None:
        """Count an attempt that is not written."""
        self._attempts += 1
        self._has_new_cohort |= of_new_cohort
        if self._since is None:
            self._since = now

    def begin(self) -> None:
        """Count anew: what there is so far is about to be written."""
        self._attempts, self._has_new_cohort, self._since = 0, False, None

    def end(self, started: float, ended: float, *, is_written: bool) -> None:
        """Note how long writing took, and whether all is written."""
        self._not_before = ended + (ended - started) * (1 / _SHARE_OF_TIME - 1)
        self._retry_at = None if is_written else ended + self._settings.checkpoint_s

    def due(self) -> float | None:
        """Return when the next checkpoint is due; ``None`` if all is written."""
        since, retry_at = self._since, self._retry_at
        if retry_at is not None:
            return max(retry_at, self._not_before)
        if since is None:
            return None
        is_time = self._has_new_cohort or self.attempts_to_go() <= 0
        return max(since if is_time else since + self._settings.checkpoint_s, self._not_before)
