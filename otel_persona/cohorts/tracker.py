"""The sidecars by hand, for any pipeline with flat figures and no attempts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from otel_persona.cohorts.git_commit import git_commit
from otel_persona.cohorts.given_values import end_from, figures_from, metadata_from, text_from
from otel_persona.cohorts.good_runs import mark_good
from otel_persona.cohorts.rollups import (
    generate_stage_rollup,
    generate_telemetry_rollups,
    generate_view_rollup,
)
from otel_persona.cohorts.sidecars import write_cohort_telemetry
from otel_persona.cohorts.tree import TREE_NAME, CohortTree
from otel_persona.facts import CohortKey, Facts, Fingerprints, View, settings_hash
from otel_persona.settings import Settings, given_or_loaded


class ReproducibilityTracker:
    """Saves cohorts with their sidecars below ``output_dir/REPRODUCIBILITY``.

    ``settings``, such as ``Settings(target="personas")``, say with ``safety.telemetry`` what a run
    is compared with and when a change counts; ``None`` means the settings file and the
    environment, as for ``configure``. With ``enabled: false`` no method writes anything.

    Several threads and processes may save into one tree. Raises ``SettingsError`` with every
    problem in the settings, and ``UsageError`` if they are none.
    """

    def __init__(
        self, output_dir: str | os.PathLike[str], settings: Settings | None = None
    ) -> None:
        self._settings = given_or_loaded(settings, "ReproducibilityTracker")
        self._tree = CohortTree(Path(output_dir) / TREE_NAME, self._settings.safety.telemetry)

    def save_to_cohort(
        self,
        *,
        stage: str,
        view: View,
        target: str,
        symbol: str | None = None,
        run_id: str,
        metrics: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        ended_at: str | datetime | None = None,
    ) -> Path | None:
        """Save the figures of one cohort of a run, and compare them with its earlier runs.

        ``view`` is ``CROSS_SECTIONAL``, or ``SYMBOL_SPECIFIC`` with a ``symbol``. ``metrics`` are
        numbers, bools, texts and ``None`` by name, in units of your own; only numbers are compared.
        ``metadata`` is kept in ``metadata.json``, but for the keys that this package writes itself.
        ``ended_at`` (an aware datetime, or ISO 8601 text) orders the runs; by default it is now.

        Returns the cohort's folder, ``None`` if not ``enabled``. A run that is saved again takes
        its own place. Raises ``UsageError`` for values that cannot be used, and ``CohortError`` if
        a name cannot be in a path, another writer does not let go within ``lock_timeout_s``, or the
        disk refuses.
        """
        key = CohortKey(stage, view, target, symbol)
        facts = Facts(
            key=key,
            run_id=text_from(run_id, "run_id"),
            ended_at=end_from(ended_at),
            figures=figures_from(metrics),
            fingerprints=Fingerprints(
                git_commit=git_commit(), settings_hash=settings_hash(self._settings)
            ),
        )
        cohort = write_cohort_telemetry(
            self._tree, facts, self._settings, metadata=metadata_from(metadata)
        )
        return None if cohort is None else cohort.folder

    def generate_telemetry_rollups(self, *, stage: str, run_id: str) -> None:
        """Write the rollups of a run: one for each view that it has cohorts in, and the stage's.

        Raises ``UsageError`` for a name that is no text, and ``CohortError`` if the run has no
        cohort in the stage, another writer does not let go within ``lock_timeout_s``, or the disk
        refuses.
        """
        if self._tree.settings.enabled:
            generate_telemetry_rollups(
                self._tree,
                text_from(stage, "stage"),
                text_from(run_id, "run_id"),
                self._settings.prices,
            )

    def generate_view_rollup(self, *, stage: str, view: View, run_id: str) -> None:
        """Write the rollup of a run over the cohorts of one view.

        Raises as ``generate_telemetry_rollups``, and ``UsageError`` for a view that is none.
        """
        if self._tree.settings.enabled:
            generate_view_rollup(
                self._tree,
                text_from(stage, "stage"),
                view,
                text_from(run_id, "run_id"),
                self._settings.prices,
            )

    def generate_stage_rollup(self, *, stage: str, run_id: str) -> None:
        """Write the rollup of a run over both views of a stage, which are not mixed.

        Raises as ``generate_telemetry_rollups``.
        """
        if self._tree.settings.enabled:
            generate_stage_rollup(
                self._tree,
                text_from(stage, "stage"),
                text_from(run_id, "run_id"),
                self._settings.prices,
            )

    def mark_good(self, run_id: str) -> None:
        """Mark a run good, so that later ones are compared with it, whatever its audit says.

        Only complete cohorts become baselines. Raises ``CohortError`` if the tree has no such run,
        or none of its cohorts is complete, or as ``save_to_cohort``.
        """
        if self._tree.settings.enabled:
            mark_good(self._tree, text_from(run_id, "run_id"))
