"""Writes a cohort: the artifacts (metadata, figures, audit) and the sidecars beside them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple

import msgspec

from otel_persona.cohorts.atomic_files import remove_all, remove_unfinished, write_all
from otel_persona.cohorts.audit import Remark, audit
from otel_persona.cohorts.baselines import Baseline, BaselineName, EarlierRuns, baselines_of
from otel_persona.cohorts.clock import now
from otel_persona.cohorts.index import KeyIndex, Moment, Row
from otel_persona.cohorts.locks import folder_lock
from otel_persona.cohorts.metadata import metadata_of, refuse_other
from otel_persona.cohorts.naming import AUDIT, BOTH, FACTS_KEY, FIGURES, METADATA
from otel_persona.cohorts.parquet_files import drift_parquet, facts_parquet
from otel_persona.cohorts.parts import remove_parts, with_part
from otel_persona.cohorts.tree import Cohort, CohortTree
from otel_persona.cohorts.trends import trend_in
from otel_persona.drift import Comparison, Trend, compare
from otel_persona.errors import CohortError
from otel_persona.facts import SCHEMA_VERSION, Facts, encode_facts, json_text, merged
from otel_persona.settings import Settings

# So deep that each figure of each baseline has a line of its own.
_LEVELS_OF_DRIFT = 4


class _Save(NamedTuple):
    """All that is written of one cohort at one time."""

    cohort: Cohort
    facts: Facts
    metadata: Mapping[str, Any]
    baselines: Mapping[BaselineName, Baseline]
    comparisons: Mapping[str, Comparison]
    trend: Trend | None
    written_at: str


def write_cohort_telemetry(
    tree: CohortTree,
    facts: Facts,
    settings: Settings,
    *,
    metadata: Mapping[str, Any] | None = None,
    worker: str | None = None,
) -> Cohort | None:
    """Save a cohort of a run with its sidecars; return its place, ``None`` if not ``enabled``.

    What it is compared with is chosen first, among what was saved before; ``metadata.json`` is
    written last. With ``worker``, the facts are what this worker alone has of the cohort, and take
    the place of what it had before; without, they are the whole. ``metadata`` is kept in
    ``metadata.json``, but for the keys that this package writes itself.

    Raises ``CohortError`` if a name cannot be in a path, another writer does not let go in time, or
    something cannot be written. What was there before is still whole then.
    """
    if not tree.settings.enabled:
        return None
    cohort = tree.cohort(facts.key, facts.run_id)
    if tree.names.facts_are_inside and FACTS_KEY in facts.figures:
        raise CohortError(f"{FACTS_KEY!r} cannot be the name of a figure with naming: metrics")
    with (
        folder_lock(tree.folder(facts.key), tree.settings),
        closing(KeyIndex(tree, facts.key)) as index,
    ):
        _save(tree, index, cohort, facts, settings, metadata or {}, worker)
    return cohort


def _save(
    tree: CohortTree,
    index: KeyIndex,
    cohort: Cohort,
    facts: Facts,
    settings: Settings,
    metadata: Mapping[str, Any],
    worker: str | None,
) -> None:
    refuse_other(cohort)
    written_at = now()
    parts: dict[str, bytes] = {}
    if worker is not None:
        facts, parts = with_part(tree, cohort, facts, worker, settings.prices, written_at)
    earlier = EarlierRuns(tree, index, Moment(facts.ended_at, facts.run_id))
    baselines = baselines_of(tree, earlier, tree.settings.baselines)
    save = _Save(
        cohort=cohort,
        facts=facts,
        metadata=metadata,
        baselines=baselines,
        comparisons=_comparisons(facts, baselines, settings),
        trend=trend_in(tree, facts, earlier, settings),
        written_at=written_at,
    )
    files = parts | _files(tree, save)
    index.announce(cohort)
    if tree.settings.lock:
        remove_unfinished(cohort.folder)
    if worker is None:
        remove_parts(cohort)
    write_all(cohort.folder, files)
    others = {name for names in BOTH for name in names.files()} - files.keys()
    remove_all(cohort.folder, *sorted(others))
    index.refresh(Row(cohort.folder.name, cohort.run_id))


def _comparisons(
    facts: Facts, baselines: Mapping[BaselineName, Baseline], settings: Settings
) -> dict[str, Comparison]:
    by_runs: dict[tuple[str, ...], Comparison] = {}
    comparisons: dict[str, Comparison] = {}
    for name, baseline in baselines.items():
        if not baseline.runs:
            continue
        run_ids = tuple(run.run_id for run in baseline.runs)
        if run_ids not in by_runs:
            together = merged(baseline.runs, settings.prices)
            by_runs[run_ids] = compare(facts, together, settings)
        comparisons[name] = by_runs[run_ids]
    return comparisons


def _files(tree: CohortTree, save: _Save) -> dict[str, bytes]:
    """Make all files, in the order in which they are to appear."""
    names, facts = tree.names, save.facts
    plain = encode_facts(facts, save.written_at)
    metadata, remarks = _metadata(save)
    report = audit(save.comparisons, remarks)
    files = {FIGURES: json_text(facts.figures), AUDIT: _json(report)}
    if names.facts_are_inside:
        files[FIGURES] = json_text({**facts.figures, FACTS_KEY: plain})
    else:
        files[f"{names.facts}.json"] = json_text(plain)
    files[f"{names.facts}.parquet"] = facts_parquet(facts, save.cohort.cohort_id)
    drift = _drift(save)
    files[f"{names.drift}.json"] = json_text(drift, _LEVELS_OF_DRIFT)
    files[f"{names.drift}.parquet"] = drift_parquet(drift)
    if save.trend is not None:
        files[f"{names.trend}.json"] = json_text({**_head(save), **msgspec.to_builtins(save.trend)})
    files[METADATA] = json_text(metadata)
    return files


def _metadata(save: _Save) -> tuple[dict[str, Any], list[Remark]]:
    ours = metadata_of(save.facts, save.cohort, save.written_at)
    remarks = [
        Remark(
            rule="metadata_key",
            message=f"the given metadata has {name!r}, which this package writes itself",
            subject=name,
        )
        for name in sorted(ours.keys() & save.metadata.keys())
    ]
    return {**save.metadata, **ours}, remarks


def _drift(save: _Save) -> dict[str, Any]:
    """Return what ``telemetry_drift`` holds: a block for each baseline that is switched on."""
    blocks: dict[str, Any] = {}
    for name, baseline in save.baselines.items():
        if name in save.comparisons:
            blocks[name] = {
                "status": "compared",
                "run_ids": [run.run_id for run in baseline.runs],
                **msgspec.to_builtins(save.comparisons[name]),
            }
        else:
            blocks[name] = {"status": "no_baseline", "reason": baseline.reason}
    return {**_head(save), "baselines": blocks}


def _head(save: _Save) -> dict[str, Any]:
    """Return what the sidecars say of the cohort; only ``timestamp`` says when that was."""
    facts = save.facts
    head = {
        "schema_version": SCHEMA_VERSION,
        "stage": facts.key.stage,
        "view": facts.key.view,
        "target": facts.key.target,
        "baseline_key": str(facts.key),
        "cohort_id": save.cohort.cohort_id,
        "run_id": facts.run_id,
        "ended_at": facts.ended_at,
        "complete": facts.complete,
        "timestamp": save.written_at,
    }
    return head if facts.key.symbol is None else {**head, "symbol": facts.key.symbol}


def _json(content: msgspec.Struct) -> bytes:
    return json_text(msgspec.to_builtins(content))
