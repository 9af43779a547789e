"""Exceptions that a signal handler of the program raises while telemetry runs.

A handler runs between any two steps of the main thread, so what it raises (a time limit, say) may
come out in the middle of telemetry, where it looks like a failure of telemetry's own.
"""

from __future__ import annotations

from types import CodeType


def pass_on(error: BaseException) -> None:
    """Raise ``error`` again if a signal handler has raised it: it is meant for the program."""
    trace_back = error.__traceback__
    codes = _codes_of_handlers()
    while trace_back is not None:
        if trace_back.tb_frame.f_code in codes:
            raise error
        trace_back = trace_back.tb_next


def _codes_of_handlers() -> set[CodeType]:
    import signal  # needed after a failure alone

    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    functions = [getattr(handler, "__func__", handler) for handler in handlers]
    codes = [getattr(function, "__code__", None) for function in functions]
    return {code for code in codes if code is not None}
