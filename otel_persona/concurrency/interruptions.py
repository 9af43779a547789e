"""Exceptions that the program's signal handlers raise while telemetry code runs.

A handler can run between any two steps of the main thread, so what it raises (a time limit, say)
may surface in the middle of telemetry and look like a failure of telemetry itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import CodeType


def pass_on(error: BaseException) -> None:
    """Re-raise ``error`` if a signal handler raised it: it is meant for the program."""
    trace_back = error.__traceback__
    codes = _codes_of_handlers()
    while trace_back is not None:
        if trace_back.tb_frame.f_code in codes:
            raise error
        trace_back = trace_back.tb_next


@contextlib.contextmanager
def ignoring_failures() -> Iterator[None]:
    """Ignore whatever fails in this block, but for what a signal handler raises."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - that is what it is for
        pass_on(error)


def _codes_of_handlers() -> set[CodeType]:
    import signal  # needed only after a failure

    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    functions = [getattr(handler, "__func__", handler) for handler in handlers]
    codes = [getattr(function, "__code__", None) for function in functions]
    return {code for code in codes if code is not None}
