"""Everything that the doctor looks at, together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from otel_persona.diagnosis.examination import Examination, examine
from otel_persona.diagnosis.joined import providers
from otel_persona.diagnosis.samples import make_samples, new_run_id
from otel_persona.diagnosis.surroundings import Finding, surroundings
from otel_persona.settings import SettingsRead, switched_off
from otel_persona.setup.destinations import (
    SIGNALS,
    Destination,
    Sourced,
    declarative_file,
    destination_of,
    exporters_named,
)

_OFF = "OTEL_SDK_DISABLED=true turns everything off, files too; unset it"
_NOWHERE = (
    "nothing is sent to a collector: give --otlp http://127.0.0.1:4318, or set "
    "OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_PROTOCOL"
)
_NOT_LOOKED_AT = (
    "nothing was sent: OTEL_CONFIG_FILE stands in for the variables that say where to; give --otlp "
    "with the address that its file names"
)


class Diagnosis(NamedTuple):
    """What was found: about this process, and on the way to each destination.

    ``sent`` names what was sent to each, under ``run_id``.
    """

    run_id: str
    sent: Sequence[str]
    findings: Sequence[Finding]
    examinations: Sequence[Examination]

    @property
    def is_healthy(self) -> bool:
        """Whether everything arrived, and nothing keeps a program's attempts from doing so."""
        failed = any(examination.failure for examination in self.examinations)
        return not failed and not any(finding.is_problem for finding in self.findings)


def diagnose(read: SettingsRead, otlp: Sourced[str] | None, timeout_s: float) -> Diagnosis:
    """Send an attempt, a metric and an event to where a program started here would send them.

    Each step of the way may take ``timeout_s``.
    """
    run_id = new_run_id()
    if switched_off():
        return Diagnosis(run_id, (), [Finding(_OFF, True)], ())
    destinations: list[Destination] = []
    findings = [*surroundings(read.settings), *providers()]
    for found in _exporters(otlp):
        if isinstance(found, Destination):
            destinations.append(found)
        else:
            findings.append(found)
    if not destinations:
        reason = _NOT_LOOKED_AT if declarative_file() else _NOWHERE
        return Diagnosis(run_id, (), [*findings, Finding(reason, True)], ())
    samples = make_samples(run_id)
    sent = [samples[signal].name for signal in dict.fromkeys(to.signal for to in destinations)]
    return Diagnosis(run_id, sent, findings, examine(destinations, samples, timeout_s))


def _exporters(otlp: Sourced[str] | None) -> Iterator[Destination | Finding]:
    """Yield each signal's destinations, and a note on what goes nowhere or elsewhere."""
    for signal in SIGNALS:
        exporters = list(exporters_named(signal, otlp))
        if not exporters and not declarative_file():
            yield Finding(f"{signal} are not sent: nothing says where to", False)
        for exporter in exporters:
            name, origin = exporter
            if destination := destination_of(signal, exporter, otlp):
                yield destination
            elif name == "none":
                yield Finding(f"{signal} are not sent: {origin} is none", False)
            else:
                sentence = (
                    f"{signal} go to the exporter {name!r} ({origin}), which is not looked at"
                )
                yield Finding(sentence, False)
