"""The exporter ``persona_file``: the log, for ``OTEL_TRACES_EXPORTER`` and declarative files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_persona.concurrency.interruptions import pass_on
from otel_persona.exporters import AttemptFileExporter, claims
from otel_persona.instrumentation import telemetry
from otel_persona.mismatches import one_of
from otel_persona.records import tallies
from otel_persona.records.spans import may_be_attempt
from otel_persona.settings import Fsync

_OPTIONS = ("path", "run_id", "fsync", "pending_records")


class PersonaFileExporter(SpanExporter):
    """Writes the lines of the attempts that an SDK's own processor gives it: sampled ones.

    ``path``, ``run_id``, ``fsync`` and ``pending_records`` are those of ``AttemptFileExporter``,
    and by default those of the settings in use; without a ``log`` there it is ``generation.log``.
    They are looked at when the first attempt is exported, as the run may have no id before. If
    they are wrong, that is logged, and the lines are counted in ``persona.records.lost``. An option
    that does not exist is logged, and left out.
    """

    def __init__(
        self,
        path: str | None = None,
        run_id: str | None = None,
        fsync: Fsync | None = None,
        pending_records: int | None = None,
        **unknown: object,
    ) -> None:
        if unknown:
            told = f"persona_file has no {one_of([*unknown])}; there are {', '.join(_OPTIONS)}"
            tallies.rejected.add("settings", told)
        self._given = {
            "path": path,
            "run_id": run_id,
            "fsync": fsync,
            "pending_records": pending_records,
        }
        self._made: dict[str, AttemptFileExporter] = {}
        self._problem = ""
        # Other exporters must know of this one before it is given spans that they have written.
        claims.join(self)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the attempts among ``spans``; ``FAILURE`` if a line could not be kept."""
        attempts = [span for span in spans if may_be_attempt(span)]
        if not attempts:
            return SpanExportResult.SUCCESS
        exporter = self._exporter or self._make()
        if exporter is None:
            told = f"persona_file writes nothing: {self._problem}"
            tallies.lost.add("settings", told, len(attempts))
            return SpanExportResult.FAILURE
        return exporter.export(attempts)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Write the pending lines and sync; ``False`` if that fails or takes too long."""
        return self._exporter is None or self._exporter.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Write the pending lines and close."""
        if self._exporter is not None:
            self._exporter.shutdown()

    @property
    def _exporter(self) -> AttemptFileExporter | None:
        return self._made.get("exporter")

    def _make(self) -> AttemptFileExporter | None:
        """Make the exporter, unless that failed before; ``None`` if it fails."""
        if not self._problem:
            try:
                # Several threads may make one each at the same time; the first is used.
                self._made.setdefault("exporter", AttemptFileExporter(**self._arguments()))
            except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
                pass_on(fault)
                self._problem = str(fault)
        return self._exporter

    def _arguments(self) -> dict[str, Any]:
        in_use = telemetry.in_use()
        arguments = {
            "path": in_use.settings.log or "generation.log",
            "run_id": in_use.run_id,
            "fsync": in_use.settings.fsync,
            "pending_records": in_use.settings.pending_records,
        }
        return arguments | {name: value for name, value in self._given.items() if value is not None}
