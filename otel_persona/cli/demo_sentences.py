"""What the demo found, in sentences: one for each indicator that is not healthy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from otel_persona.cli.cells import decimal, whole
from otel_persona.demo.findings import Findings, Part, Reading, texts_trait_leak

_EVEN_SCORE = 0.6  # the middle of the specified healthy band


def finding_sentences(findings: Findings) -> Iterator[str]:
    """Yield what the real part shows, then what the simulated part does to it."""
    if findings.real.batches:
        yield from _of_real(
            findings.real, " of the real part" if findings.simulated.batches else ""
        )
    yield from _of_simulated(findings.simulated)


def _of_real(part: Part, of_part: str) -> Iterator[str]:
    healthy = []
    for name, readings in part.readings.items():
        outside = part.outside(name)
        if outside:
            meaning = _MEANINGS[name](part)
            yield f"{name} is {_bands(outside, len(readings))}{of_part}: {meaning}."
        else:
            healthy.append(name)
    if healthy:
        yield f"Healthy in every batch{of_part}: {', '.join(healthy)}."
    yield (
        "Sameness in the wild that no band shows: every one of the 500 texts begins with 'I am', "
        f"and on average they call {texts_trait_leak():.0%} of their prompt's trait ratings by "
        "name (trait_leak)."
    )


def _of_simulated(part: Part) -> Iterator[str]:
    for name, readings in part.readings.items():
        if part.outside(name):
            steps = [readings[0], readings[-1]] if len(readings) > 1 else readings
            told = " and ".join(
                f"{decimal(step.value)} ({step.band}) in batch {step.batch}" for step in steps
            )
            yield f"In the simulated part {name} is {told}."


def _bands(outside: Sequence[Reading], of_all: int) -> str:
    bands = " or ".join(sorted({reading.band for reading in outside}))
    values = _spread([reading.value for reading in outside], decimal)
    return f"{bands} in {len(outside)} of {of_all} batches ({values})"


def _spread(values: Sequence[float], write: Callable[[float], str]) -> str:
    least, most = write(min(values)), write(max(values))
    return least if least == most else f"{least} to {most}"


def _repairs(part: Part) -> str:
    kinds = part.repairs()
    if not kinds:
        return "there was no repair"
    kind, count = kinds.most_common(1)[0]
    return f"most often {kind}, {count} of {kinds.total()} repairs"


def _positivity(part: Part) -> str:
    score = part.mean_score("pollyanna")
    side = "sunny" if score is None or score > _EVEN_SCORE else "gloomy"
    return f"the model writes its personas on the {side} side"


def _anchors(part: Part) -> str:
    said = (
        "the texts name few concrete details, and the specified figure divides the distinct ones "
        "by the attempts, so it falls as batches grow, in a healthy run too"
    )
    rarefied = part.rarefied_anchors()
    if rarefied:
        said += (
            f"; of 150 anchors {_spread(rarefied, whole)} are distinct (anchors_rarefied_150), "
            "which does not depend on the batch's size"
        )
    return said


def _always(sentence: str) -> Callable[[Part], str]:
    return lambda _: sentence


# What it means if an indicator of the real data is outside its healthy band.
_MEANINGS: dict[str, Callable[[Part], str]] = {
    "repair_rate": _repairs,
    "repair_rate_trend": _always("a slope over few batches, which single repairs can tilt"),
    "opening_entropy": _always("the model opens its personas in few ways"),
    "pollyanna_score": _positivity,
    "anchor_diversity": _anchors,
    "mean_latency": _always(
        "providers and models differ, and requests that were turned away count with 0 ms"
    ),
}
