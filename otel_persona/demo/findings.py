"""What the figures of a run show, in sentences: one for each indicator that is not healthy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from otel_persona.aggregation import BatchSummary
from otel_persona.demo.run import PERSONAS_PER_BATCH, Outcome

INDICATORS = (
    "repair_rate",
    "repair_rate_trend",
    "opening_entropy",
    "pollyanna_score",
    "anchor_diversity",
    "mean_latency",
)

_EVEN = 0.6  # the middle of the specified healthy band


class _Reading(NamedTuple):
    """One indicator's value and band in one batch."""

    batch: int
    value: float
    band: str


def findings(outcome: Outcome) -> Iterator[str]:
    """Say what the real part shows, and then what the simulated part does to it."""
    batches = outcome.analysis.batches
    real = batches[: _first_simulated(outcome)]
    if real:
        yield from _of_real(real, "" if len(real) == len(batches) else " of the real part")
    if len(real) < len(batches):
        yield from _of_simulated(batches[len(real) :])


def _first_simulated(outcome: Outcome) -> int | None:
    """Give the index of the first batch with simulated personas; ``None`` where there is none."""
    start = outcome.simulated_from
    return None if start is None else start.personas // PERSONAS_PER_BATCH


def _of_real(batches: Sequence[BatchSummary], part: str) -> Iterator[str]:
    healthy = []
    for name in INDICATORS:
        readings = _readings(batches, name)
        outside = [reading for reading in readings if reading.band != "healthy"]
        if outside:
            yield f"{name} is {_span(outside, len(readings))}{part}: {_MEANING[name](batches)}."
        elif readings:
            healthy.append(name)
    if healthy:
        yield f"Healthy in every batch{part}: {', '.join(healthy)}."
    leak = _mean(batches, "trait_leak")
    if leak is not None:
        yield (
            "Sameness in the wild that no band shows: every one of the 500 texts begins with 'I "
            f"am', and they call {leak:.0%} of their prompt's trait ratings by name (trait_leak)."
        )


def _of_simulated(batches: Sequence[BatchSummary]) -> Iterator[str]:
    for name in INDICATORS:
        readings = _readings(batches, name)
        if any(reading.band != "healthy" for reading in readings):
            steps = [readings[0], readings[-1]] if len(readings) > 1 else readings
            told = " and ".join(
                f"{step.value:.3f} ({step.band}) in batch {step.batch}" for step in steps
            )
            yield f"In the simulated part {name} is {told}."


def _readings(batches: Sequence[BatchSummary], name: str) -> list[_Reading]:
    found = []
    for batch in batches:
        indicator = batch.indicators[name]
        if indicator.value is not None and indicator.band is not None:
            found.append(_Reading(batch.index, indicator.value, indicator.band))
    return found


def _span(outside: Sequence[_Reading], of_all: int) -> str:
    bands = " or ".join(sorted({reading.band for reading in outside}))
    values = [reading.value for reading in outside]
    return f"{bands} in {len(outside)} of {of_all} batches ({_spread(values, 3)})"


def _spread(values: Sequence[float], places: int) -> str:
    least, most = f"{min(values):.{places}f}", f"{max(values):.{places}f}"
    return least if least == most else f"{least} to {most}"


def _mean(batches: Sequence[BatchSummary], validator: str) -> float | None:
    scores = [batch.mean_validator_scores.get(validator) for batch in batches]
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None


def _repairs(batches: Sequence[BatchSummary]) -> str:
    kinds: dict[str, int] = {}
    for batch in batches:
        for kind, count in batch.repair_breakdown.items():
            kinds[kind] = kinds.get(kind, 0) + count
    commonest = max(kinds, key=kinds.__getitem__)
    return f"most often {commonest}, {kinds[commonest]} of {sum(kinds.values())} repairs"


def _positivity(batches: Sequence[BatchSummary]) -> str:
    score = _mean(batches, "pollyanna")
    side = "sunny" if score is None or score > _EVEN else "gloomy"
    return f"the model writes its personas on the {side} side"


def _anchors(batches: Sequence[BatchSummary]) -> str:
    said = (
        "the texts name few concrete details, and the specified figure divides the distinct ones "
        "by the attempts, so it falls as batches grow, in a healthy run too"
    )
    rarefied = [batch.anchors_rarefied_150 for batch in batches]
    known = [expected for expected in rarefied if expected is not None]
    if known:
        said += (
            f"; of 150 anchors {_spread(known, 0)} are distinct (anchors_rarefied_150), which does "
            "not depend on the batch's size"
        )
    return said


def _always(sentence: str) -> Callable[[Sequence[BatchSummary]], str]:
    return lambda _: sentence


# What it means when an indicator of the real data is outside its healthy band.
_MEANING: dict[str, Callable[[Sequence[BatchSummary]], str]] = {
    "repair_rate": _repairs,
    "repair_rate_trend": _always("a slope over few batches, which single repairs can tilt"),
    "opening_entropy": _always("the model opens its personas in few ways"),
    "pollyanna_score": _positivity,
    "anchor_diversity": _anchors,
    "mean_latency": _always(
        "providers and models differ, and requests that were turned away count with 0 ms"
    ),
}
