"""Hears what an exporter logs while it sends, instead of letting it repeat itself for hours."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from otel_persona.concurrency import forks

_MOST_HEARD = 8


class _Hearing(logging.Filter):
    """Takes the log records of threads that are listening, and passes all others on."""

    def __init__(self) -> None:
        super().__init__()
        self._listening: dict[int, list[str]] = {}
        forks.in_child(self._listening_ends)

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the record if its thread is listening."""
        heard = self._listening.get(record.thread or 0)
        if heard is None:
            return True
        if len(heard) < _MOST_HEARD:
            heard.append(_cause(record))
        return False

    @contextmanager
    def listen(self, exporter: object) -> Iterator[list[str]]:
        """Give a list of what the exporter logs in this thread, in the block."""
        for module in {parent.__module__ for parent in type(exporter).__mro__}:
            self._attach(logging.getLogger(module))
        heard: list[str] = []
        thread = threading.get_ident()
        outer = self._listening.get(thread)
        self._listening[thread] = heard
        try:
            yield heard
        finally:
            if outer is None:
                self._listening.pop(thread, None)
            else:
                self._listening[thread] = outer

    def _listening_ends(self) -> None:
        """Forget the parent's threads: a child's may get their numbers."""
        self._listening.clear()

    def _attach(self, logger: logging.Logger) -> None:
        # The first of all filters: the SDK has one that lets no message through twice in a row.
        if self not in logger.filters:
            logger.filters.insert(0, self)


def _cause(record: logging.LogRecord) -> str:
    """Say in one line what went wrong: what the exception came from, if there is one."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    error = next((each for each in arguments if isinstance(each, BaseException)), None)
    while (below := error and (error.__cause__ or error.__context__)) is not None:
        error = below
    return " ".join((str(error) if error else record.getMessage()).split())


_hearing = _Hearing()
listen = _hearing.listen
