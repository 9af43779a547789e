"""Wrong use is a clear error where it is written: it names the value and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import otel_persona as op
from otel_persona.testing import Captured, capture


def test_an_unknown_stage_names_itself_and_the_declared_ones() -> None:
    """At decoration time, before anything runs."""
    with pytest.raises(op.UsageError, match="'D' is not declared; there are B, C, validation"):
        op.attempt(stage="D")
    for stage in ("", "b", "B ", None, 1, ["B"]):
        unusual: Any = stage
        with pytest.raises(op.UsageError, match="not declared"):
            op.attempt(stage=unusual)


def test_the_settings_stages_are_the_declared_ones() -> None:
    """A pipeline with other stages declares them, and then the usual ones are unknown."""
    with capture(stages=["draft", "polish"]) as captured:
        with op.attempt(stage="draft"):
            pass
        with pytest.raises(op.UsageError, match="'B' is not declared; there are draft, polish"):
            op.attempt(stage="B")
    assert captured.records[0].stage == "draft"


@pytest.mark.parametrize("number", [0, -1, 1.0, "1", True, 2**60])
def test_a_number_counts_from_one(number: Any) -> None:
    """Anything but a whole number from 1 is refused where it is written."""
    with pytest.raises(op.UsageError, match=r"number=.*1"):
        op.attempt(stage="B", number=number)


def test_a_value_and_a_way_to_find_it() -> None:
    """One of them would be ignored."""
    with pytest.raises(op.UsageError, match="not both"):
        op.attempt(stage="B", persona_id="p", persona_id_from="key")


def test_an_argument_that_the_function_does_not_have() -> None:
    """The error names it, the function, and the arguments there are."""

    def generate(prompt: str, *, seed: int) -> None: ...

    decorate = op.attempt(stage="B", persona_id_from="uuid")
    with pytest.raises(op.UsageError, match=r"'uuid'.*generate.*prompt, seed"):
        decorate(generate)
    with pytest.raises(op.UsageError, match=r"'uuid'.*none"):
        decorate(lambda: None)
    with pytest.raises(op.UsageError, match="uuid"):
        decorate(staticmethod(generate))


def test_what_can_find_a_persona() -> None:
    """The name of an argument, or something to call."""
    number: Any = 3
    with pytest.raises(op.UsageError, match="3"):
        op.attempt(stage="B", persona_id_from=number)(lambda x: x)


class Plain:
    """A class, which is not a function."""


@pytest.mark.parametrize("wrong", [Plain, int, 3, None, "text", property(lambda self: 1)])
def test_what_cannot_be_decorated(wrong: Any) -> None:
    """Classes and everything that cannot be called; the error shows what it was."""
    with pytest.raises(op.UsageError, match="decorates functions and methods"):
        op.attempt(stage="B")(wrong)


def test_the_brackets_forgotten() -> None:
    """``@op.attempt`` without its arguments cannot go unnoticed."""
    use: Any = op.attempt
    with pytest.raises(TypeError):
        use(lambda persona_id: persona_id)
    with pytest.raises(TypeError, match="stage"):
        use()


def test_errors_are_of_one_family() -> None:
    """A caller can catch all of them, or a ``ValueError``."""
    assert issubclass(op.UsageError, op.PersonaError)
    assert issubclass(op.UsageError, ValueError)
    assert issubclass(op.SettingsError, ValueError)


@pytest.mark.parametrize("shape", ["with", "decorator"])
def test_an_attempt_outlives_the_settings_it_was_made_under(shape: str, captured: Captured) -> None:
    """One that is made before ``configure`` works after it, and reports there."""
    use = op.attempt(stage="B", persona_id="p")
    run: Callable[[], object] = use(lambda: None)
    with capture(run_id="other_1", stages=["draft"]) as later:
        if shape == "with":
            with use:
                pass
        else:
            run()
    assert [(record.run_id, record.stage) for record in later.records] == [("other_1", "B")]
    assert list(captured.records) == []
