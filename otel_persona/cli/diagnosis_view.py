"""What the doctor found, as tables and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from otel_persona.cli.bullets import bullets
from otel_persona.cli.cells import UNKNOWN
from otel_persona.cli.tables import text_table
from otel_persona.diagnosis import STEPS, Diagnosis, Examination
from otel_persona.masking import masked_address, masked_headers

_OPTIONS = ("endpoint", "protocol", "headers", "compression", "timeout")

Row = tuple[str, ...]


def diagnosis_view(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """Yield where each signal goes, how far it comes, what is wrong, and what arrived."""
    examinations = diagnosis.examinations
    if examinations:
        options, steps = ("Signal", "Option", "Value", "Origin"), ("Signal", "Step", "Found")
        yield text_table("Where it goes", options, _rows(examinations, _options, _OPTIONS))
        yield text_table("How far it comes", steps, _rows(examinations, _steps, STEPS))
    notes = [finding.sentence for finding in diagnosis.findings if not finding.is_problem]
    yield from bullets("What is wrong", list(_problems(diagnosis)))
    yield from bullets("Notes", notes)
    if diagnosis.is_healthy:
        yield Text(f"\nEverything arrived: {', '.join(diagnosis.sent)}, of run {diagnosis.run_id}.")


def _options(examination: Examination) -> Iterator[Row]:
    to = examination.destination
    yield "endpoint", masked_address(to.address.value), to.address.origin
    yield "protocol", *to.protocol
    yield "headers", masked_headers(to.headers.value) or UNKNOWN, to.headers.origin
    yield "compression", *to.compression
    yield "timeout", f"{to.timeout_s.value} s", to.timeout_s.origin


def _steps(examination: Examination) -> Iterator[Row]:
    yield from examination.steps
    if examination.failure is not None:
        yield examination.failure.step, "failed"


def _problems(diagnosis: Diagnosis) -> Iterator[str]:
    for finding in diagnosis.findings:
        if finding.is_problem:
            yield finding.sentence
    for signals, step, reason, *hints in _rows(diagnosis.examinations, _failure, STEPS):
        yield "\n  ".join([f"{signals}: {step} failed: {reason}", *hints])


def _failure(examination: Examination) -> Iterator[Row]:
    failure = examination.failure
    if failure is not None:
        yield failure.step, failure.reason, *failure.hints, *examination.habits


def _rows(
    examinations: Sequence[Examination],
    rows: Callable[[Examination], Iterable[Row]],
    order: Sequence[str],
) -> list[Row]:
    """Return the rows of all signals in this order of their first cells, equal ones once."""
    signals: dict[Row, list[str]] = {}
    for examination in examinations:
        for row in rows(examination):
            signals.setdefault(row, []).append(examination.destination.signal)
    ordered = sorted(signals, key=lambda row: order.index(row[0]))
    return [(", ".join(dict.fromkeys(signals[row])), *row) for row in ordered]
