"""What tools see of a decorated function is what they see of the function itself."""

from __future__ import annotations

import asyncio
import inspect
import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any

import pytest

import otel_persona as op


def plain(persona_id: str, /, prompt: str = "x", *rest: int, key: int = 1, **more: int) -> str:
    """Be plain."""
    return prompt


async def coroutine(persona_id: str, prompt: str = "x") -> str:
    """Be a coroutine."""
    return prompt


def generator(persona_id: str) -> Generator[str, int, bytes]:
    """Be a generator."""
    yield persona_id
    return b""


async def async_generator(persona_id: str) -> AsyncGenerator[str, int]:
    """Be an asynchronous generator."""
    yield persona_id


def later(persona_id: str) -> Coroutine[Any, Any, str]:
    """Return a coroutine."""
    return coroutine(persona_id)


FUNCTIONS = [plain, coroutine, generator, async_generator, later]
NATURES: list[Callable[[object], bool]] = [
    inspect.isfunction,
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
    inspect.isroutine,
    asyncio.iscoroutinefunction,
    callable,
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_keeps_its_nature(function: Callable[..., Any]) -> None:
    """Frameworks ask these questions to decide how to call a function."""
    decorated = op.attempt(stage="B")(function)
    for nature in NATURES:
        assert nature(decorated) is nature(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_keeps_its_looks(function: Callable[..., Any]) -> None:
    """Signature, names, documentation, annotations and attributes are the function's own."""
    function.__dict__["note"] = object()
    decorated = op.attempt(stage="B")(function)
    assert decorated is not function
    assert inspect.signature(decorated) == inspect.signature(function)
    assert vars(decorated)["__wrapped__"] is function
    assert inspect.unwrap(decorated) is function
    for name in ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__"):
        assert getattr(decorated, name) == getattr(function, name)
    assert vars(decorated)["note"] is vars(function)["note"]


@pytest.mark.parametrize("function", [coroutine, generator, async_generator, later])
def test_what_a_call_gives_keeps_its_kind(function: Callable[..., Any]) -> None:
    """A generator is a generator, a coroutine a coroutine, each with the usual methods."""
    ours, theirs = op.attempt(stage="B")(function)("p"), function("p")
    assert type(ours) is type(theirs)
    assert ours.__qualname__ == theirs.__qualname__
    for made in (ours, theirs):
        if isinstance(made, AsyncGenerator):
            with pytest.raises(StopIteration):
                made.aclose().send(None)
        else:
            made.close()


def test_nothing_of_the_decorator_is_in_the_way() -> None:
    """Decorating changes nothing about the function itself."""
    before = dict(vars(plain))
    op.attempt(stage="B")(plain)
    assert dict(vars(plain)) == before
    assert plain("p") == "x"


@types.coroutine
def _old_style(value: str) -> Generator[Any, Any, str]:
    """Be awaited as a generator, as coroutines were before ``async def``."""
    yield
    return value


def test_a_generator_that_is_awaited_still_is() -> None:
    """``types.coroutine`` makes a generator function one whose calls are awaited."""
    decorated = op.attempt(stage="B")(_old_style)

    async def main() -> str:
        return await decorated("value")

    running = main()
    running.send(None)
    with pytest.raises(StopIteration) as stopped:
        running.send(None)
    assert stopped.value.value == "value"
