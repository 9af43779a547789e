"""Generators that run in a context of their own.

A generator's body must see its own span as the current one; its caller, whose code runs between
steps, must not. So each generator keeps a copy of the context and runs every step of the body in
it.
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
    """Run ``body`` in ``context``, passing through what is sent, thrown and returned."""
    thrown: BaseException | None = None
    sent: Any = None
    try:
        item = context.run(next, body)
        while True:
            thrown = sent = None
            try:
                sent = yield item
            except BaseException as error:  # noqa: BLE001 - the body decides how to handle it
                thrown = error
            # Outside the handler, so that `error` is not the __context__ of what the body raises.
            if thrown is None:
                item = context.run(body.send, sent)
            else:
                item = context.run(body.throw, thrown)
    except StopIteration as stop:
        returned: _Return = stop.value
        return returned
    finally:
        # A step holds what was thrown in, whose traceback holds this frame: leave no cycle.
        del body, thrown


class StepIn(Awaitable[_Yield]):
    """One step of an async generator, awaited in ``context``."""

    def __init__(self, context: Context, step: Awaitable[_Yield]) -> None:
        self._context = context
        self._step = step

    def __await__(self) -> Generator[Any, Any, _Yield]:
        """Drive the step by hand, so that all of its own steps run in the context."""
        return run_in(self._context, self._step.__await__())


def first_step(body: AsyncGenerator[_Yield, Any]) -> Awaitable[_Yield]:
    """Start an async generator without letting the event loop's hooks adopt it.

    At shutdown the loop closes every generator it adopted, in a task of its own. It adopts the
    generator around this one, which closes this one in its context. The same holds if both are
    garbage.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, _leave_open)
    try:
        return body.asend(None)
    finally:
        sys.set_asyncgen_hooks(*hooks)


def _leave_open(_body: AsyncGenerator[Any, Any]) -> None:
    """Keep the garbage collector from closing a body: the generator around it does that."""
