"""Makes an object when it is first needed, and remembers if that failed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from otel_persona.concurrency import forks
from otel_persona.concurrency.interruptions import pass_on

_T = TypeVar("_T")


class FirstUse(Generic[_T]):
    """An object that is made once, or not at all: ``made`` is ``None``, and ``problem`` says why.

    OpenTelemetry makes exporters before the process has a run id and settings, and what they raise
    would stop all of its set-up.
    """

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make = make
        self.made: _T | None = None
        self.problem = ""
        self._renew_lock()
        forks.in_child(self._renew_lock)

    def _renew_lock(self) -> None:
        self._lock = threading.RLock()

    def get(self) -> _T | None:
        """Return the object, making it the first time; ``None`` if that failed."""
        if self.made is None:
            with self._lock:
                if self.made is None and not self.problem:
                    self._try()
        return self.made

    def _try(self) -> None:
        try:
            self.made = self._make()
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            self.problem = str(fault) or repr(fault)
