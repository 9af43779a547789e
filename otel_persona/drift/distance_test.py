"""One distance of one distribution, and the decision that is made on it."""

from __future__ import annotations

from typing import Literal

import msgspec

from otel_persona.drift.distances import Distance
from otel_persona.drift.sample_sizes import SmallestSize

Status = Literal["ok", "drift", "insufficient", "no_data"]
"""``insufficient``: too few values to tell; ``no_data``: none at all on one side."""


class DistanceTest(msgspec.Struct, frozen=True):
    """A distance between samples of ``n`` and ``m`` values, and what it takes to act on it."""

    name: str
    distance: Distance
    threshold: float
    smallest: SmallestSize
    n: int
    m: int

    @property
    def is_sufficient(self) -> bool:
        """Whether the samples are large enough for a decision."""
        return min(self.n, self.m) >= self._needed

    @property
    def is_over(self) -> bool:
        """Whether the distance is over the specified threshold, whatever the samples' sizes."""
        return self.distance.value > self.threshold

    def is_unlikely(self, level: float) -> bool:
        """Whether it is over the threshold and less probable by chance than ``level``."""
        return self.is_over and self.distance.p_value < level

    def status(self, level: float) -> Status:
        """Decide: drift is over the threshold, and chance is no likely reason for it."""
        if not self.is_sufficient:
            return "insufficient"
        return "drift" if self.is_unlikely(level) else "ok"

    def reason(self, level: float) -> str | None:
        """Say why the status is not a plain ``ok``; ``None`` if it is."""
        reasons = []
        if not self.is_sufficient:
            fewer = min(self.n, self.m)
            reasons = [f"{self.name} needs {self._needed} values on the smaller side, not {fewer}"]
        if self.is_over and (self.is_sufficient or self.is_unlikely(level)):
            over = f"{self.name} {self.distance.value:.3g} is over {self.threshold:g}"
            chance = f"{over}, and the p-value {self.distance.p_value:.2g}"
            below = "below" if self.is_unlikely(level) else "not below"
            reasons.append(f"{chance} is {below} {level:.2g}")
        return "; ".join(reasons) or None

    @property
    def _needed(self) -> int:
        return self.smallest.needed(self.n, self.m)
