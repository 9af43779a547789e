"""The simulated collapse: from some point on, more and more texts come from a handful."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from otel_persona.demo.draws import Draws
from otel_persona.demo.validators import opening_move, pollyanna, sentences

START_SHARE = 0.5
"""The share of the run after which the stream narrows."""
HANDFUL = 5
"""How many texts it narrows to."""
_FULL_SHARE = 0.75  # the share of the run after which only those come


class Texts:
    """The texts of a run in random order, with a collapse of the stream on request."""

    def __init__(self, laps: Iterator[str], handful: Sequence[str] = (), *, draws: Draws) -> None:
        self._laps = laps
        self._handful = handful
        self._draws = draws

    def next_text(self, progress: float) -> str:
        """Return the next text; ``progress`` is how much of the run is done, from 0 to 1."""
        if self._handful and self._draws.number() < narrowed_share(progress):
            return self._handful[int(self._draws.number() * len(self._handful))]
        return next(self._laps)


class _Candidate(NamedTuple):
    text: str
    move: str
    positivity: float


def narrowed_share(progress: float) -> float:
    """Return the share of texts that come from the handful: first none, then from half to all."""
    if progress < START_SHARE:
        return 0.0
    return min(1.0, 0.5 + 0.5 * (progress - START_SHARE) / (_FULL_SHARE - START_SHARE))


def pick_handful(texts: Sequence[str]) -> list[str]:
    """Pick the most positive of the texts that open with the most common move."""
    candidates = [
        _Candidate(text, opening_move(sentences(text)[0]), pollyanna(text) or 0.0) for text in texts
    ]
    commonest = Counter(candidate.move for candidate in candidates).most_common(1)[0][0]
    alike = [candidate for candidate in candidates if candidate.move == commonest]
    alike.sort(key=lambda candidate: -candidate.positivity)
    return [candidate.text for candidate in alike[:HANDFUL]]
