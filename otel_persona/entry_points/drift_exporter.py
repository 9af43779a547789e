"""The exporter ``persona_drift``: the figures, for declarative files, which take no processors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_persona.concurrency.interruptions import pass_on
from otel_persona.processors import DriftProcessor
from otel_persona.records import tallies
from otel_persona.records.spans import may_be_attempt
from otel_persona.settings import load_settings
from otel_persona.setup import was_set_up


class PersonaDriftExporter(SpanExporter):
    """Folds the attempts that an SDK's own processor gives it, sampled ones, into the figures.

    ``settings`` are those of ``configure`` and override the settings file and the environment. If
    they are wrong, that is logged, and the attempts are counted in ``persona.records.rejected``.
    In a process set up by ``configure`` or the instrumentor it does nothing, as those fold every
    attempt. Behind a batch processor the figures are as late as the spans.
    """

    def __init__(self, **settings: Any) -> None:
        # Made here: gauges can no longer be made when the last spans come, after the meters' end.
        self._drift: DriftProcessor | None = None
        try:
            self._drift = DriftProcessor(load_settings(settings))
        except Exception as fault:  # noqa: BLE001 - it would stop all set-up of OpenTelemetry
            pass_on(fault)
            self._problem = str(fault)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Fold in the attempts among ``spans``; ``FAILURE`` if the settings are wrong."""
        attempts = [span for span in spans if may_be_attempt(span)]
        if not attempts or was_set_up():
            return SpanExportResult.SUCCESS
        if self._drift is None:
            told = f"persona_drift folds nothing: {self._problem}"
            tallies.rejected.add("settings", told, len(attempts))
            return SpanExportResult.FAILURE
        for span in attempts:
            self._drift.on_end(span)
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until all attempts are folded in; open batches stay open."""
        return self._drift is None or self._drift.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Close the open batches, as partial."""
        if self._drift is not None:
            self._drift.shutdown()
