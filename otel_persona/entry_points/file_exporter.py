"""The exporter ``persona_file``: the log, for ``OTEL_TRACES_EXPORTER`` and declarative files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_persona.entry_points.first_use import FirstUse
from otel_persona.exporters import AttemptFileExporter, claims
from otel_persona.instrumentation import telemetry
from otel_persona.records import tallies
from otel_persona.records.spans import may_be_attempt
from otel_persona.settings import Fsync


class PersonaFileExporter(SpanExporter):
    """Writes the lines of the attempts that an SDK's own processor gives it: sampled ones.

    ``path``, ``run_id``, ``fsync`` and ``pending_records`` are those of ``AttemptFileExporter``,
    and by default those of the settings in use; without a ``log`` there it is ``generation.log``.
    They are looked at when the first attempt is exported, as the run may have no id before. If
    they are wrong, that is logged, and the lines are counted in ``persona.records.lost``.
    """

    def __init__(
        self,
        path: str | None = None,
        run_id: str | None = None,
        fsync: Fsync | None = None,
        pending_records: int | None = None,
    ) -> None:
        self._given = {
            "path": path,
            "run_id": run_id,
            "fsync": fsync,
            "pending_records": pending_records,
        }
        self._exporter = FirstUse(self._make)
        # Other exporters must know of this one before it is given spans that they have written.
        claims.join(self)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the attempts among ``spans``; ``FAILURE`` if a line could not be kept."""
        attempts = [span for span in spans if may_be_attempt(span)]
        if not attempts:
            return SpanExportResult.SUCCESS
        exporter = self._exporter.get()
        if exporter is None:
            told = f"persona_file writes nothing: {self._exporter.problem}"
            tallies.lost.add("settings", told, len(attempts))
            return SpanExportResult.FAILURE
        return exporter.export(attempts)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Write the pending lines and sync; ``False`` if that fails or takes too long."""
        exporter = self._exporter.made
        return exporter is None or exporter.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Write the pending lines and close."""
        if self._exporter.made is not None:
            self._exporter.made.shutdown()

    def _make(self) -> AttemptFileExporter:
        in_use = telemetry.in_use()
        arguments: dict[str, Any] = {
            "path": in_use.settings.log or "generation.log",
            "run_id": in_use.run_id,
            "fsync": in_use.settings.fsync,
            "pending_records": in_use.settings.pending_records,
        }
        arguments |= {name: value for name, value in self._given.items() if value is not None}
        return AttemptFileExporter(**arguments)
