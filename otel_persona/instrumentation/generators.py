"""Generators that run inside a context of their own.

A generator's body must see its own span as the current one, and its caller never may: between two
steps the caller's code runs. So each generator keeps a copy of the context, and every step of the
body runs in it.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Generator
from contextvars import Context
from typing import Any, TypeVar

_Yield = TypeVar("_Yield")
_Send = TypeVar("_Send")
_Return = TypeVar("_Return")


def run_in(
    context: Context, body: Generator[_Yield, _Send, _Return]
) -> Generator[_Yield, _Send, _Return]:
    """Run ``body`` in ``context``, passing on what is sent and thrown in and what it returns."""
    thrown: BaseException | None = None
    sent: Any = None
    try:
        item = context.run(next, body)
        while True:
            thrown = sent = None
            try:
                sent = yield item
            except BaseException as error:  # noqa: BLE001 - the body decides what becomes of it
                thrown = error
            # Outside of the handler: what the body raises later has no context in what it handled.
            if thrown is None:
                item = context.run(body.send, sent)
            else:
                item = context.run(body.throw, thrown)
    except StopIteration as stop:
        returned: _Return = stop.value
        return returned
    finally:
        # A step holds what was thrown in, whose traceback holds this frame: no cycle is left.
        del body, thrown


class StepIn(Awaitable[_Yield]):
    """One step of an asynchronous generator, awaited in ``context``."""

    def __init__(self, context: Context, step: Awaitable[_Yield]) -> None:
        self._context = context
        self._step = step

    def __await__(self) -> Generator[Any, Any, _Yield]:
        """Drive the step by hand, so that each of its own steps runs in the context."""
        return run_in(self._context, self._step.__await__())


def first_step(body: AsyncGenerator[_Yield, Any]) -> Awaitable[_Yield]:
    """Begin an asynchronous generator without the event loop's hooks adopting it.

    The loop closes every generator that it adopted when it shuts down, in a task of its own; the
    generator around this one is adopted, and closes it in its context. The same holds where both
    are garbage.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, _leave_open)
    try:
        return body.asend(None)
    finally:
        sys.set_asyncgen_hooks(*hooks)


def _leave_open(_body: AsyncGenerator[Any, Any]) -> None:
    """Let the collector not close a body: the generator around it does."""
