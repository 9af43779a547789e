"""Wrappers for every shape of function, each of the same nature as what it wraps."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextvars import copy_context
from typing import Any

from otel_persona.instrumentation.generators import StepIn, first_step, run_in
from otel_persona.instrumentation.running_attempt import Attempt

Starter = Callable[[tuple[Any, ...], dict[str, Any]], Attempt]
"""Starts the attempt of one call from its arguments; never raises."""


def wrap(function: Callable[..., Any], start: Starter) -> Callable[..., Any]:
    """Wrap ``function`` so that each call is an attempt, started by ``start``."""
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, start)
    if inspect.iscoroutinefunction(function):
        return _coroutine(function, start)
    if inspect.isgeneratorfunction(function):
        return _generator(function, start)
    return _plain(function, start)


def _plain(function: Callable[..., Any], start: Starter) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        attempt = start(args, kwargs)
        attempt.enter()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            attempt.leave()
            attempt.end(error)
            raise
        attempt.leave()
        if inspect.iscoroutine(result):
            return _until_awaited(result, attempt)
        attempt.end()
        return result

    return call


def _until_awaited(result: Coroutine[Any, Any, Any], attempt: Attempt) -> Coroutine[Any, Any, Any]:
    """Let the attempt of a function that returned a coroutine go on until that has run."""
    outer = _awaited(result, attempt)
    # Nobody may ever await it.
    weakref.finalize(outer, attempt.end, GeneratorExit()).atexit = False
    return outer


async def _awaited(result: Coroutine[Any, Any, Any], attempt: Attempt) -> Any:
    attempt.enter()
    try:
        value = await result
    except BaseException as error:
        attempt.leave()
        attempt.end(error)
        raise
    attempt.leave()
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
        closing = None
        try:
            context = copy_context()
            context.run(attempt.enter)
            steps = run_in(context, function(*args, **kwargs))
            item = next(steps)
            while True:
                try:
                    sent = yield item
                except BaseException as error:  # noqa: BLE001 - the body decides
                    closing = error if isinstance(error, GeneratorExit) else None
                    item = steps.throw(error)
                else:
                    item = steps.send(sent)
        except StopIteration as stop:
            attempt.end(closing)
            return stop.value
        except BaseException as error:
            attempt.end(closing or error)
            raise

    return call


def _async_generator(function: Callable[..., Any], start: Starter) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        attempt = start(args, kwargs)
        closing = None
        try:
            context = copy_context()
            context.run(attempt.enter)
            body = function(*args, **kwargs)
            item = await StepIn(context, first_step(body))
            while True:
                try:
                    sent = yield item
                except BaseException as error:  # noqa: BLE001 - the body decides
                    closing = error if isinstance(error, GeneratorExit) else None
                    item = await StepIn(context, body.athrow(error))
                else:
                    item = await StepIn(context, body.asend(sent))
        except StopAsyncIteration:
            attempt.end(closing)
        except BaseException as error:
            attempt.end(closing or error)
            raise

    return call
