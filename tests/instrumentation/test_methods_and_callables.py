"""Methods of every kind, and everything else that can be called."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

import otel_persona as op
from otel_persona.testing import Captured


class Writer:
    """A class whose methods of every kind are attempts."""

    name = "Writer"

    @op.attempt(stage="B")
    def method(self, persona_id: str) -> tuple[object, str]:
        """Be a method."""
        return self, persona_id

    @op.attempt(stage="B")
    @classmethod
    def over_class_method(cls, persona_id: str) -> tuple[object, str]:
        """Be decorated over ``classmethod``."""
        return cls, persona_id

    @classmethod
    @op.attempt(stage="B")
    def under_class_method(cls, persona_id: str) -> tuple[object, str]:
        """Be decorated under ``classmethod``."""
        return cls, persona_id

    @op.attempt(stage="B")
    @staticmethod
    def over_static_method(persona_id: str) -> tuple[object, str]:
        """Be decorated over ``staticmethod``."""
        return None, persona_id

    @staticmethod
    @op.attempt(stage="B")
    def under_static_method(persona_id: str) -> tuple[object, str]:
        """Be decorated under ``staticmethod``."""
        return None, persona_id

    @op.attempt(stage="B")
    @classmethod
    async def coroutine(cls, persona_id: str) -> tuple[object, str]:
        """Be a coroutine of the class."""
        await asyncio.sleep(0)
        return cls, persona_id

    @op.attempt(stage="B")
    @staticmethod
    def generator(persona_id: str) -> Iterator[str]:
        """Be a generator of the class."""
        yield persona_id

    @op.attempt(stage="B")
    @classmethod
    async def async_generator(cls, persona_id: str) -> AsyncIterator[object]:
        """Be an asynchronous generator of the class."""
        yield cls


class Special(Writer):
    """A subclass, which inherits the attempts."""

    name = "Special"


@op.attempt(stage="B")
def at_module_level(persona_id: str) -> str:
    """Be a function that a pickle finds by its name."""
    return persona_id


CLASS_METHODS = ["over_class_method", "under_class_method"]
STATIC_METHODS = ["over_static_method", "under_static_method"]


@pytest.mark.parametrize("kind", [Writer, Special])
@pytest.mark.parametrize("name", CLASS_METHODS)
def test_class_methods(kind: type[Writer], name: str, captured: Captured) -> None:
    """In either order of the decorators, on the class, an instance and a subclass."""
    assert getattr(kind, name)("1") == (kind, "1")
    assert getattr(kind(), name)(persona_id="2") == (kind, "2")
    assert [record.persona_id for record in captured.records] == ["1", "2"]
    assert isinstance(inspect.getattr_static(kind, name), classmethod)


@pytest.mark.parametrize("kind", [Writer, Special])
@pytest.mark.parametrize("name", STATIC_METHODS)
def test_static_methods(kind: type[Writer], name: str, captured: Captured) -> None:
    """In either order of the decorators, on the class, an instance and a subclass."""
    assert getattr(kind, name)("1") == (None, "1")
    assert getattr(kind(), name)(persona_id="2") == (None, "2")
    assert [record.persona_id for record in captured.records] == ["1", "2"]
    assert isinstance(inspect.getattr_static(kind, name), staticmethod)


def test_methods(captured: Captured) -> None:
    """A method gets its instance, also bound beforehand, through the class, and by ``super``."""

    class Deeper(Special):
        def method(self, persona_id: str) -> tuple[object, str]:
            return super().method(persona_id + "!")

    writer = Special()
    bound = writer.method
    assert bound("1") == (writer, "1")
    assert Writer.method(writer, "2") == (writer, "2")
    deeper = Deeper()
    assert deeper.method("3") == (deeper, "3!")
    assert [record.persona_id for record in captured.records] == ["1", "2", "3!"]


def test_methods_of_other_natures(captured: Captured) -> None:
    """Coroutines and generators keep their nature under ``classmethod`` and ``staticmethod``."""

    async def main() -> None:
        assert await Special.coroutine("1") == (Special, "1")
        assert [kind async for kind in Special().async_generator("2")] == [Special]

    asyncio.run(main(), debug=True)
    assert list(Special.generator("3")) == ["3"]
    assert inspect.iscoroutinefunction(Writer.coroutine)
    assert inspect.isgeneratorfunction(Writer.generator)
    assert inspect.isasyncgenfunction(Writer.async_generator)
    assert [record.persona_id for record in captured.records] == ["1", "2", "3"]


def test_a_bound_method_that_is_decorated_later(captured: Captured) -> None:
    """A bound method is a function like any other."""

    class Plain:
        def write(self, persona_id: str) -> tuple[object, str]:
            return self, persona_id

    plain = Plain()
    write = op.attempt(stage="C")(plain.write)
    assert write("p") == (plain, "p")
    assert captured.records[0].persona_id == "p"


def test_partial_functions(captured: Captured) -> None:
    """What a partial has bound counts as given: by position, by name, and overridden."""

    def write(persona_id: str, prompt: str) -> str:
        return persona_id + prompt

    decorate = op.attempt(stage="B")
    assert decorate(functools.partial(write, "1"))("x") == "1x"
    assert decorate(functools.partial(write, persona_id="2"))(prompt="x") == "2x"
    assert decorate(functools.partial(write, persona_id="2"))(persona_id="3", prompt="x") == "3x"
    assert decorate(functools.partial(write, prompt="x"))("4") == "4x"
    assert decorate(functools.partial(functools.partial(write), "5"))("x") == "5x"
    assert functools.partial(decorate(write), "6")("x") == "6x"
    assert [record.persona_id for record in captured.records] == ["1", "2", "3", "4", "5", "6"]


def test_a_partial_of_a_coroutine_function(captured: Captured) -> None:
    """It is awaited to its end before the attempt ends."""

    async def write(persona_id: str, prompt: str) -> str:
        await asyncio.sleep(0)
        op.current_attempt().record_repair("late")
        return persona_id + prompt

    partial = op.attempt(stage="B")(functools.partial(write, prompt="x"))
    assert asyncio.run(partial("p"), debug=True) == "px"
    assert captured.records[0].repairs == ["late"]


class PlainCall:
    """An object that can be called."""

    def __call__(self, persona_id: str) -> str:
        """Be called."""
        return op.current_attempt().persona_id


class GeneratorCall:
    """An object whose call is a generator."""

    def __call__(self, persona_id: str) -> Iterator[str]:
        """Be stepped."""
        yield op.current_attempt().persona_id
        op.current_attempt().record_repair("late")


class CoroutineCall:
    """An object whose call is a coroutine."""

    async def __call__(self, persona_id: str) -> str:
        """Be awaited."""
        await asyncio.sleep(0)
        op.current_attempt().record_repair("late")
        return op.current_attempt().persona_id


class AsyncGeneratorCall:
    """An object whose call is an asynchronous generator."""

    async def __call__(self, persona_id: str) -> AsyncIterator[str]:
        """Be stepped."""
        await asyncio.sleep(0)
        yield op.current_attempt().persona_id
        op.current_attempt().record_repair("late")


def test_objects_that_can_be_called(captured: Captured) -> None:
    """The attempt lasts until the work is done, whatever the nature of ``__call__``."""
    decorate = op.attempt(stage="B")
    assert decorate(PlainCall())("1") == "1"
    assert list(decorate(GeneratorCall())("2")) == ["2"]

    async def main() -> None:
        assert await decorate(CoroutineCall())("3") == "3"
        assert [item async for item in decorate(AsyncGeneratorCall())("4")] == ["4"]

    asyncio.run(main(), debug=True)
    assert [record.persona_id for record in captured.records] == ["1", "2", "3", "4"]
    assert [record.repairs for record in captured.records[1:]] == [["late"]] * 3


def test_lambdas_and_built_in_functions(captured: Captured) -> None:
    """Functions without a name or a signature of their own can be attempts."""
    double: Callable[[int], int] = op.attempt(stage="B")(lambda persona_id: persona_id * 2)
    assert double(4) == 8
    assert op.attempt(stage="B")(max)(1, 3, 2) == 3
    assert op.attempt(stage="B")("a-b".split)("-") == ["a", "b"]
    assert op.attempt(stage="B")(functools.lru_cache(lambda persona_id: persona_id))("p") == "p"
    assert [record.persona_id for record in captured.records][::3] == ["4", "p"]


def test_recursion(captured: Captured) -> None:
    """Each level is an attempt of its own below the level above it."""

    @op.attempt(stage="B")
    def down(persona_id: int) -> int:
        assert op.current_attempt().persona_id == str(persona_id)
        below = down(persona_id - 1) if persona_id else 0
        assert op.current_attempt().persona_id == str(persona_id)
        return below + persona_id

    assert down(20) == 210
    assert [record.persona_id for record in captured.records] == [str(n) for n in range(21)]
    for below, above in zip(captured.spans, captured.spans[1:], strict=False):
        assert below.parent == above.context


def test_a_decorator_for_many_functions(captured: Captured) -> None:
    """One ``attempt(...)`` decorates as many functions as wanted, also one within another."""
    decorate = op.attempt(stage="B")

    @decorate
    def inner(persona_id: str) -> str:
        return persona_id

    @decorate
    def outer(persona_id: str) -> str:
        return inner(persona_id + ".1")

    assert outer("1") == "1.1"
    assert [record.persona_id for record in captured.records] == ["1.1", "1"]


def test_decorated_twice(captured: Captured) -> None:
    """Two attempts around one function are two attempts, one below the other."""

    @op.attempt(stage="C")
    @op.attempt(stage="B")
    def generate(persona_id: str) -> str:
        return op.current_attempt().stage

    assert generate("p") == "B"
    assert [record.stage for record in captured.records] == ["B", "C"]


def test_arguments_of_every_kind_are_passed_on(captured: Captured) -> None:
    """Positional-only, variable, keyword-only and default arguments arrive as they were given."""

    @op.attempt(stage="B")
    def generate(first: int, /, second: int = 2, *rest: int, key: int = 4, **others: int) -> Any:
        return first, second, rest, key, others

    assert generate(1) == (1, 2, (), 4, {})
    assert generate(1, 3, 5, 6, key=7, first=8, self=9, args=10) == (
        1,
        3,
        (5, 6),
        7,
        {"first": 8, "self": 9, "args": 10},
    )


@pytest.mark.parametrize("bad", [(), (1, 2, 3)])
def test_wrong_arguments_are_the_callers_error(bad: tuple[int, ...], captured: Captured) -> None:
    """A call that does not fit raises the function's own ``TypeError``."""

    @op.attempt(stage="B")
    def generate(persona_id: int) -> None: ...

    with pytest.raises(TypeError, match="generate"):
        generate(*bad)


def test_a_decorated_function_can_be_pickled(captured: Captured) -> None:
    """A process pool pickles functions by name, which must lead back to the same object."""
    assert b"at_module_level" in pickle.dumps(at_module_level)
