"""Our own exporters: ``attempt_file`` writes a line per attempt, ``cohort_exporter`` sidecars.

Beside them: ``append_file`` is the log, ``later`` syncs it, and ``claims`` says who writes a line;
``cohort_parts`` is what a worker knows of its cohorts, and ``work_thread`` where it is written.
"""

from otel_persona.exporters.attempt_file import AttemptFileExporter
from otel_persona.exporters.cohort_exporter import CohortExporter

__all__ = ["AttemptFileExporter", "CohortExporter"]
