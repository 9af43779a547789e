"""Our own exporters: ``attempt_file`` writes a line per attempt, ``cohort_exporter`` sidecars.

Beside them: ``append_file`` is the log, ``later`` syncs it, and ``claims`` says who writes a line;
``cohort_parts`` is what a worker knows of its cohorts, ``checkpoint_pace`` says when it is written,
and ``work_thread`` where.
``cohort_exporter`` is imported where it is used: it brings the rooms of the cohorts with it, which
double what a program loads that has a log alone.
"""

from otel_persona.exporters.attempt_file import AttemptFileExporter

__all__ = ["AttemptFileExporter"]
