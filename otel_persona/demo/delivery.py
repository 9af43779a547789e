"""Whether a collector took what was sent to it: watches for the one message that says so."""

from __future__ import annotations

import logging
from types import TracebackType

import otel_persona as op

_TIMEOUT_S = 10.0
_GIVE_UP_S = 2.0


class DeliveryWatch(logging.Handler):
    """Flushes if sending is ``wanted``, and catches what is told about losses while open.

    ``problem`` is the first of it.
    """

    def __init__(self, *, wanted: bool) -> None:
        super().__init__()
        self.problem: str | None = None
        self._wanted = wanted
        self._logger = logging.getLogger("otel_persona.delivery")

    def __enter__(self) -> DeliveryWatch:
        if self._wanted:
            self._logger.addHandler(self)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first message."""
        self.problem = self.problem or record.getMessage()

    def send(self, handle: op.Handle) -> None:
        """Send what is waiting, unless sending has already failed."""
        if self._wanted and self.problem is None and not handle.force_flush(_TIMEOUT_S):
            self._note_silence()

    def shutdown(self, handle: op.Handle) -> None:
        """Send the last figures and stop; after a failure, wait only briefly."""
        stopped = handle.shutdown(_TIMEOUT_S if self.problem is None else _GIVE_UP_S)
        if self._wanted and not stopped:
            self._note_silence()

    def _note_silence(self) -> None:
        self.problem = self.problem or f"no answer within {_TIMEOUT_S:.0f} s"
