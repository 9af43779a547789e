"""Reading logs: their attempts in the order given, and the figures of a whole log.

``log_files`` reads the lines of plain and compressed files, ``log_reader`` the records in them and
the lines that hold none, ``run_attempts`` the attempts of one run and tier. From these,
``by_batch``, ``by_stage`` and ``by_persona`` compute the figures of a run, and ``jq_figures`` the
three that the specification reads with jq; ``token_tally`` adds up tokens for both. ``remarks``
says what else readers of the figures should know.

Of cohort sidecars, which are imported from where they are: ``log_cohorts`` saves those of logs.
``cohort_choice`` finds cohorts in a tree and ``tree_runs`` the runs; ``sidecar_files`` reads what
changed in a cohort, as ``drift_changes``, and ``run_drift`` and ``run_trends`` put that of a run
together, the worst first.
"""

from otel_persona.analysis.by_batch import BatchAnalysis, analyze_batches
from otel_persona.analysis.by_persona import PersonaSummary, analyze_personas
from otel_persona.analysis.by_stage import analyze_stages, stage_document
from otel_persona.analysis.jq_figures import (
    Cost,
    PollyannaMean,
    RepairRate,
    cost,
    pollyanna_means,
    repair_rates,
)
from otel_persona.analysis.log_reader import LogReader, Skipped
from otel_persona.analysis.run_attempts import RunAttempts

__all__ = [
    "BatchAnalysis",
    "Cost",
    "LogReader",
    "PersonaSummary",
    "PollyannaMean",
    "RepairRate",
    "RunAttempts",
    "Skipped",
    "analyze_batches",
    "analyze_personas",
    "analyze_stages",
    "cost",
    "pollyanna_means",
    "repair_rates",
    "stage_document",
]
