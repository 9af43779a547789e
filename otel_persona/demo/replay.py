"""One run of the pipeline over personas, stopped after an exact number of attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple, TypeVar

import otel_persona as op
from otel_persona.demo.collapse import START_SHARE, Texts
from otel_persona.demo.generation import Pipeline, ProviderError

T = TypeVar("T")

_MOST_ATTEMPTS = 3


class Position(NamedTuple):
    """A place in the run: the personas and attempts before it."""

    personas: int
    attempts: int


class Budget:
    """The number of attempts that a run may make."""

    def __init__(self, attempts: int) -> None:
        self.total = attempts
        self.spent = 0

    @property
    def progress(self) -> float:
        """The share spent so far, from 0 to 1."""
        return self.spent / self.total

    def tries(self) -> Iterator[int]:
        """Count the attempts of one stage, up to 3, spending each, while any are left."""
        for number in range(1, _MOST_ATTEMPTS + 1):
            if self.spent == self.total:
                return
            self.spent += 1
            yield number


class Replay:
    """Generates persona after persona until the budget is spent; ``run`` it once."""

    def __init__(self, pipeline: Pipeline, texts: Texts, attempts: int) -> None:
        self._pipeline = pipeline
        self._texts = texts
        self._budget = Budget(attempts)
        self.personas = 0
        self.half_way: Position | None = None

    def run(self, after_persona: Callable[[int], object]) -> None:
        """Make all attempts; ``after_persona`` gets the number of personas done."""
        while self._budget.spent < self._budget.total:
            if self.half_way is None and self._budget.progress >= START_SHARE:
                self.half_way = Position(self.personas, self._budget.spent)
            text = self._texts.next_text(self._budget.progress)
            self.personas += 1
            with op.persona(str(self.personas)):
                self._generate(text)
            after_persona(self.personas)

    def _generate(self, text: str) -> None:
        pipeline = self._pipeline
        background = self._with_retries(lambda: pipeline.write_background(text))
        if background is None:
            return
        if self._with_retries(lambda: pipeline.write_short_persona(background)) is None:
            return
        self._with_retries(lambda: pipeline.validate(background))

    def _with_retries(self, stage: Callable[[], T]) -> T | None:
        """Run a stage until it succeeds; ``None`` if it does not, or no attempts are left."""
        for _ in self._budget.tries():
            with suppress(ProviderError):
                return stage()
        return None
