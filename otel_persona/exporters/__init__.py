"""Our own exporter: ``attempt_file`` writes one JSON line per attempt."""

from otel_persona.exporters.attempt_file import AttemptFileExporter

__all__ = ["AttemptFileExporter"]
