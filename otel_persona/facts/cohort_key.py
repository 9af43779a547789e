"""Which cohort it is: stage, view, target and, in SYMBOL_SPECIFIC, symbol."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from otel_persona.errors import UsageError

View = Literal["CROSS_SECTIONAL", "SYMBOL_SPECIFIC"]
"""All attempts of a target, or those of one symbol of it."""

VIEWS: tuple[View, ...] = get_args(View)


class CohortKey(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """The baseline key: only cohorts with equal keys are compared.

    ``symbol`` is set in SYMBOL_SPECIFIC and only there. Raises ``UsageError`` for an unknown view,
    an empty name, a symbol too many or a missing one.
    """

    stage: str
    view: View
    target: str
    symbol: str | None = None

    def __post_init__(self) -> None:
        refuse_other_view(self.view)
        for name in ("stage", "target"):
            _refuse_empty(name, getattr(self, name))
        if self.view == "SYMBOL_SPECIFIC":
            _refuse_empty("symbol", self.symbol)
        elif self.symbol is not None:
            raise UsageError(
                f"symbol {self.symbol!r} belongs to no CROSS_SECTIONAL cohort; "
                "leave it out, or use SYMBOL_SPECIFIC"
            )

    def __str__(self) -> str:
        """Write the parts with ``:`` between them; a ``:`` or ``%`` inside a part is encoded."""
        parts = (self.stage, self.view, self.target, self.symbol)
        return ":".join(
            part.replace("%", "%25").replace(":", "%3A") for part in parts if part is not None
        )


def refuse_other_view(view: object) -> None:
    """Raise ``UsageError`` unless it is one of ``VIEWS``."""
    if not (isinstance(view, str) and view in VIEWS):
        raise UsageError(f"view {view!r} is not one of {' and '.join(VIEWS)}")


def _refuse_empty(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{name} of a cohort is a text that is not empty, not {value!r}")
