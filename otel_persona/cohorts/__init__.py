"""The tree of sidecars beside the artifacts: its names, files, baselines and rollups.

- ``tracker``: ``ReproducibilityTracker``, the sidecars by hand; ``given_values``, ``git_commit``
- ``attempt_cohorts``, ``attempt_facts``: the sidecars of attempts, live and from a log
- ``sidecars``: ``write_cohort_telemetry``, what every cohort goes through: ``parts`` of workers,
  ``baselines``, ``trends``, ``audit``, ``metadata``; ``good_runs`` somebody has marked
- ``rollups``: those of a run's views and stages, by ``view_rollup`` and ``summary_statistics``
- ``workers``: those of running programs that are alive
- ``tree``: where everything is, by ``names`` and ``naming``; ``index`` (an ``index_file``) finds
  earlier runs
- ``atomic_files``, ``locks``, ``json_files``, ``parquet_files`` (of ``parquet_columns``, by
  ``parquet_table``), ``clock``: the files themselves
"""

from otel_persona.cohorts.attempt_cohorts import CohortStates, Subject, SubjectStates
from otel_persona.cohorts.good_runs import good_runs, mark_good
from otel_persona.cohorts.rollups import (
    generate_stage_rollup,
    generate_telemetry_rollups,
    generate_view_rollup,
)
from otel_persona.cohorts.sidecars import write_cohort_telemetry
from otel_persona.cohorts.tracker import ReproducibilityTracker
from otel_persona.cohorts.tree import TREE_NAME, Cohort, CohortTree, Damaged

__all__ = [
    "TREE_NAME",
    "Cohort",
    "CohortStates",
    "CohortTree",
    "Damaged",
    "ReproducibilityTracker",
    "Subject",
    "SubjectStates",
    "generate_stage_rollup",
    "generate_telemetry_rollups",
    "generate_view_rollup",
    "good_runs",
    "mark_good",
    "write_cohort_telemetry",
]
