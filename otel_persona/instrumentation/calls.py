"""Wrappers for every kind of function; each wrapper is of the same kind as what it wraps."""

from __future__ import annotations

import functools
import inspect
import types
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextvars import copy_context
from typing import Any

from opentelemetry import context as context_api

from otel_persona.instrumentation.generators import StepIn, first_step, run_in
from otel_persona.instrumentation.running_attempt import Attempt

Starter = Callable[[tuple[Any, ...], dict[str, Any]], Attempt]
"""Starts the attempt for one call from its arguments; never raises."""

_Coroutine = Coroutine[Any, Any, Any]


def wrap(function: Callable[..., Any], start: Starter) -> Callable[..., Any]:
    """Wrap ``function`` so that each call is an attempt started by ``start``."""
    if _is(inspect.isasyncgenfunction, function):
        return _async_generator(function, start)
    if _is(inspect.iscoroutinefunction, function):
        return _coroutine(function, start)
    if _is(inspect.isgeneratorfunction, function):
        wrapped = _generator(function, start)
        return types.coroutine(wrapped) if _is(_is_awaited, function) else wrapped
    return _plain(function, start)


def _is(nature: Callable[[object], bool], function: Any) -> bool:
    """Test a function, or the ``__call__`` method of a callable object."""
    return nature(function) or nature(function.__call__)


def _is_awaited(function: object) -> bool:
    """Return whether ``types.coroutine`` made this generator function a coroutine."""
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & inspect.CO_ITERABLE_COROUTINE)


def _plain(function: Callable[..., Any], start: Starter) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        attempt = start(args, kwargs)
        try:
            attempt.enter()
            result = function(*args, **kwargs)
            attempt.leave()
        except BaseException as error:
            attempt.leave()
            attempt.end(error)
            raise
        if inspect.iscoroutine(result):
            return _until_awaited(result, attempt)
        attempt.end()
        return result

    return call


def _until_awaited(result: Any, attempt: Attempt) -> Any:
    """Keep the attempt of a function that returned a coroutine open until the coroutine ends."""
    outer: Any = _awaited_later(result, attempt)
    outer.__name__, outer.__qualname__ = result.__name__, result.__qualname__
    # It might never be awaited.
    weakref.finalize(outer, _abandon, result, attempt).atexit = False
    return outer


def _abandon(result: _Coroutine, attempt: Attempt) -> None:
    result.close()  # so that only the caller's coroutine warns that it was never awaited
    attempt.end(GeneratorExit())


async def _awaited_later(result: _Coroutine, attempt: Attempt) -> Any:
    if not attempt.ended:
        # The task that awaits may not be the one that called, and has its own context.
        attempt.place(attempt.span, context_api.get_current())
    return await _awaited(result, attempt)


async def _awaited(result: _Coroutine, attempt: Attempt) -> Any:
    try:
        attempt.enter()
        value = await result
        attempt.leave()
    except BaseException as error:
        attempt.leave()
        attempt.end(error)
        raise
    attempt.end()
    return value


def _coroutine(function: Callable[..., Any], start: Starter) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        return await _awaited(function(*args, **kwargs), start(args, kwargs))

    return call


def _generator(function: Callable[..., Any], start: Starter) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        attempt = start(args, kwargs)
        closed = False
        thrown: BaseException | None = None
        try:
            context = copy_context()
            context.run(attempt.enter)
            steps = run_in(context, function(*args, **kwargs))
            item = next(steps)
            while True:
                thrown = sent = None
                try:
                    sent = yield item
                except BaseException as error:  # noqa: BLE001 - the body decides
                    thrown = error
                    closed = isinstance(error, GeneratorExit)
                item = steps.send(sent) if thrown is None else steps.throw(thrown)
        except StopIteration as stop:
            attempt.end(GeneratorExit() if closed else None)
            return stop.value
        except BaseException as error:
            attempt.end(error)
            raise
        finally:
            thrown = None  # its traceback holds this frame: leave no cycle

    return call


def _async_generator(function: Callable[..., Any], start: Starter) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        attempt = start(args, kwargs)
        closed = False
        thrown: BaseException | None = None
        try:
            context = copy_context()
            context.run(attempt.enter)
            body = function(*args, **kwargs)
            item = await StepIn(context, first_step(body))
            while True:
                thrown = sent = None
                try:
                    sent = yield item
                except BaseException as error:  # noqa: BLE001 - the body decides
                    thrown = error
                    closed = isinstance(error, GeneratorExit)
                item = await StepIn(
                    context, body.asend(sent) if thrown is None else body.athrow(thrown)
                )
        except StopAsyncIteration:
            attempt.end(GeneratorExit() if closed else None)
        except BaseException as error:
            attempt.end(error)
            raise
        finally:
            thrown = None  # its traceback holds this frame: leave no cycle

    return call
