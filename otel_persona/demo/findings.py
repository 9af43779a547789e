"""What the figures of a run show, for its real part and for its simulated part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from otel_persona.aggregation import Band, BatchSummary
from otel_persona.demo.run import PERSONAS_PER_BATCH, Outcome
from otel_persona.demo.sources import load_texts
from otel_persona.demo.validators import trait_leak


class Reading(NamedTuple):
    """One indicator's value and band in one batch."""

    batch: int
    value: float
    band: Band


class Part:
    """Consecutive batches, possibly none, and what they show."""

    def __init__(self, batches: Sequence[BatchSummary]) -> None:
        names = batches[0].indicators if batches else ()
        self.batches = batches
        self.readings = {name: found for name in names if (found := _readings(batches, name))}
        """By indicator: its readings in the batches where it has a value; absent if it has none."""

    def outside(self, indicator: str) -> list[Reading]:
        """Return the readings that are not healthy."""
        return [reading for reading in self.readings[indicator] if reading.band != "healthy"]

    def repairs(self) -> Counter[str]:
        """Count the repairs by kind."""
        kinds: Counter[str] = Counter()
        for batch in self.batches:
            kinds.update(batch.repair_breakdown)
        return kinds

    def mean_score(self, validator: str) -> float | None:
        """Return the mean of the batches' mean scores; ``None`` if nothing was scored."""
        scores = [batch.mean_validator_scores.get(validator) for batch in self.batches]
        known = [score for score in scores if score is not None]
        return sum(known) / len(known) if known else None

    def rarefied_anchors(self) -> list[float]:
        """Return ``anchors_rarefied_150`` of the batches with enough anchors to have it."""
        rarefied = [batch.anchors_rarefied_150 for batch in self.batches]
        return [expected for expected in rarefied if expected is not None]


def _readings(batches: Sequence[BatchSummary], name: str) -> list[Reading]:
    found = []
    for batch in batches:
        indicator = batch.indicators[name]
        if indicator.value is not None and indicator.band is not None:
            found.append(Reading(batch.index, indicator.value, indicator.band))
    return found


def texts_trait_leak() -> float:
    """Return the mean share of their prompt's traits that the 500 texts name."""
    return fmean(trait_leak(text) for text in load_texts())


class Findings(NamedTuple):
    """The real part of a run, and the simulated one, which starts at the first simulated batch."""

    real: Part
    simulated: Part


def find(outcome: Outcome) -> Findings:
    """Split the batches of a run where the simulation starts."""
    batches = outcome.analysis.batches
    start = outcome.simulated_from
    first_simulated = len(batches) if start is None else start.personas // PERSONAS_PER_BATCH
    return Findings(Part(batches[:first_simulated]), Part(batches[first_simulated:]))
