"""The steps from here to a collector, and the failure that ends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

StepName = Literal["address", "DNS", "connection", "TLS", "answer", "acceptance"]

STEPS: tuple[StepName, ...] = get_args(StepName)
"""All of them in order; ``TLS`` is left out where none is spoken."""


class Step(NamedTuple):
    """A step that was taken, and what was found."""

    name: StepName
    found: str


class StepFailed(Exception):  # noqa: N818 - it says what happened, and never leaves this room
    """A step that failed: the ``reason``, and what may help against it."""

    def __init__(self, step: StepName, reason: str, *hints: str) -> None:
        self.step = step
        self.reason = reason
        self.hints: Sequence[str] = hints
        super().__init__(step, reason)
