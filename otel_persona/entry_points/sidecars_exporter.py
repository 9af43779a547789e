"""The exporter ``persona_sidecars``: cohort sidecars, for declarative files and variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_persona.cohorts import TREE_NAME
from otel_persona.concurrency.interruptions import pass_on
from otel_persona.exporters.cohort_exporter import CohortExporter
from otel_persona.instrumentation import telemetry
from otel_persona.records import tallies
from otel_persona.records.spans import may_be_attempt
from otel_persona.settings import load_settings
from otel_persona.setup import was_set_up


class PersonaSidecarsExporter(SpanExporter):
    """Writes the sidecars of the attempts that an SDK's own processor gives it: sampled ones.

    ``settings`` are those of ``configure`` and override the settings file and the environment;
    without ``sidecars`` among them all, the tree is ``REPRODUCIBILITY``. If they are wrong, that is
    logged, and the attempts are counted in ``persona.records.rejected``. In a process that was set
    up with ``sidecars`` it does nothing, as every attempt is in them.
    """

    def __init__(self, **settings: Any) -> None:
        self._exporter: CohortExporter | None = None
        try:
            in_use = load_settings(settings)
            self._exporter = CohortExporter(in_use.sidecars or TREE_NAME, settings=in_use)
        except Exception as fault:  # noqa: BLE001 - it would stop all set-up of OpenTelemetry
            pass_on(fault)
            self._problem = str(fault)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take in the attempts among ``spans``; ``FAILURE`` if the settings are wrong."""
        attempts = [span for span in spans if may_be_attempt(span)]
        if not attempts or (was_set_up() and telemetry.in_use().settings.sidecars is not None):
            return SpanExportResult.SUCCESS
        if self._exporter is None:
            told = f"persona_sidecars writes nothing: {self._problem}"
            tallies.rejected.add("settings", told, len(attempts), once_per="persona_sidecars")
            return SpanExportResult.FAILURE
        return self._exporter.export(attempts)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Write a checkpoint now; ``False`` if that fails or takes too long."""
        return self._exporter is None or self._exporter.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Write all cohorts as complete, and the rollups of the runs."""
        if self._exporter is not None:
            self._exporter.shutdown()
