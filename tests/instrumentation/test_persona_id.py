"""Which persona an attempt is about: found in this order, or made."""

from __future__ import annotations

import enum
import logging
import uuid
from collections.abc import Callable

import pytest

import otel_persona as op
from otel_persona.testing import Captured


class Name(enum.StrEnum):
    """Ids as an enum."""

    FIRST = "first"


# How such enums were written before ``StrEnum``; ``str()`` of a member is 'OldName.SECOND'.
OldName = enum.Enum("OldName", {"SECOND": "second"}, type=str)


class UnwritableId:
    """An id that does not know its own text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@op.attempt(stage="B")
def by_name(prompt: str = "x", persona_id: object = "by default") -> str:
    """Have an argument of the usual name."""
    return op.current_attempt().persona_id


def is_uuid(text: str) -> bool:
    """Say whether ``text`` is a UUID in its usual form."""
    return str(uuid.UUID(text)) == text


def test_the_argument_called_persona_id() -> None:
    """By position, by keyword, and by default."""
    assert by_name("x", "p") == "p"
    assert by_name(persona_id="q") == "q"
    assert by_name("x") == "by default"


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (5, "5"),
        (0, "0"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ("piața", "piața"),
        ("lone \ud800", "lone ?"),
        (Name.FIRST, "first"),
        (OldName("second"), "second"),
        (("a", 1), "('a', 1)"),
    ],
)
def test_ids_of_many_types_become_text(given: object, written: str, captured: Captured) -> None:
    """Numbers and UUIDs as Python writes them, text as it is, enums by their value."""
    assert by_name(persona_id=given) == written
    with op.attempt(stage="B", persona_id=given), op.persona(given) as scope:
        assert scope.persona_id == written
    assert [record.persona_id for record in captured.records] == [written, written]
    assert all(type(record.persona_id) is str for record in captured.records)
    for span in captured.spans:
        assert span.attributes is not None
        assert span.attributes["persona.id"] == written


def test_an_argument_of_another_name(captured: Captured) -> None:
    """``persona_id_from`` names it, and beats the one called ``persona_id``."""

    @op.attempt(stage="B", persona_id_from="key")
    def generate(persona_id: str, key: str = "default") -> str:
        return op.current_attempt().persona_id

    assert generate("p", "k") == "k"
    assert generate("p", key="l") == "l"
    assert generate("p") == "default"


def test_arguments_of_every_kind(captured: Captured) -> None:
    """Positional-only, keyword-only, and any keyword of ``**kwargs``."""

    @op.attempt(stage="B")
    def positional(persona_id: str, /, **others: str) -> str:
        return op.current_attempt().persona_id

    @op.attempt(stage="B")
    def keyword(*, persona_id: str) -> str:
        return op.current_attempt().persona_id

    @op.attempt(stage="B", persona_id_from="key")
    def any_keyword(prompt: str, **others: str) -> str:
        return op.current_attempt().persona_id

    assert positional("p", persona_id="another") == "p"
    assert keyword(persona_id="q") == "q"
    assert any_keyword("x", key="r") == "r"
    assert is_uuid(any_keyword("x"))


def test_a_callable_gets_the_calls_arguments(captured: Captured) -> None:
    """Just as they were given, ``self`` included, and before the function runs."""
    order: list[str] = []

    def find(writer: object, prompt: str, *, seed: int) -> str:
        order.append("find")
        return f"{type(writer).__name__}-{prompt}-{seed}"

    class Writer:
        @op.attempt(stage="B", persona_id_from=find)
        def write(self, prompt: str, *, seed: int) -> str:
            order.append("write")
            return op.current_attempt().persona_id

    assert Writer().write("x", seed=3) == "Writer-x-3"
    assert order == ["find", "write"]


def raises(*_: object) -> str:
    """Fail to find the persona."""
    raise KeyError("nothing")


@pytest.mark.parametrize("find", [raises, lambda: "takes no arguments"])
def test_a_callable_that_fails(
    find: Callable[..., str], captured: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    """The function still runs, the attempt gets a UUID, and it is told once and counted."""

    @op.attempt(stage="B", persona_id_from=find)
    def generate(persona_id: str) -> str:
        return op.current_attempt().persona_id

    with caplog.at_level(logging.WARNING, "otel_persona"):
        assert is_uuid(generate("p"))
        assert is_uuid(generate("p"))
    [told] = caplog.messages
    assert "persona_id_from failed" in told
    [point] = captured.metric("persona.records.rejected").values()
    assert point.attributes == {"reason": "persona_id"}
    assert point.value == 2


def test_a_callable_that_finds_nothing(captured: Captured) -> None:
    """``None`` counts as not found: the scope's id follows, and then a UUID."""

    @op.attempt(stage="B", persona_id_from=lambda persona_id: None)
    def generate(persona_id: str) -> str:
        return op.current_attempt().persona_id

    with op.persona("of the scope"):
        assert generate("p") == "of the scope"
        assert by_name(persona_id=None) == "of the scope"
    assert is_uuid(generate("p"))
    assert is_uuid(by_name(persona_id=None))


def test_the_scope_and_then_a_uuid(captured: Captured) -> None:
    """Without any argument the innermost scope's id is taken, and without scope a new UUID."""
    use = op.attempt(stage="B")
    with op.persona("outer"), op.persona("inner"), use as attempt:
        assert attempt.persona_id == "inner"
    with use as first, use as second:
        assert is_uuid(first.persona_id)
        assert first.persona_id != second.persona_id


def test_a_value_beats_everything(captured: Captured) -> None:
    """``persona_id=`` of the decorator is taken whatever the arguments and the scope say."""

    @op.attempt(stage="B", persona_id="fixed")
    def generate(persona_id: str) -> str:
        return op.current_attempt().persona_id

    with op.persona("scope"):
        assert generate("p") == "fixed"


def test_an_id_that_cannot_be_written(captured: Captured, caplog: pytest.LogCaptureFixture) -> None:
    """An object whose ``__str__`` raises is refused, and the attempt is kept with a UUID."""
    assert is_uuid(by_name(persona_id=UnwritableId()))
    assert is_uuid(by_name(persona_id=""))
    assert len(captured.records) == 2
    assert captured.metric("persona.records.rejected")[(("reason", "persona_id"),)].value == 2


@pytest.mark.parametrize("persona_id", ["", None, UnwritableId()])
def test_a_scope_whose_id_cannot_be_used(persona_id: object, captured: Captured) -> None:
    """One bad row of the user's data stops no run: a UUID stands for it, and it is counted."""
    with op.persona(persona_id) as scope, op.attempt(stage="B"):
        pass

    assert is_uuid(scope.persona_id)
    assert [record.persona_id for record in captured.records] == [scope.persona_id]
    assert captured.metric("persona.records.rejected")[(("reason", "persona_id"),)].value == 1
