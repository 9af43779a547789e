"""The analyses that ``analyze --by`` offers, each as JSON and as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from otel_persona.analysis import (
    BatchAnalysis,
    RunAttempts,
    analyze_batches,
    analyze_personas,
    analyze_stages,
    stage_document,
)
from otel_persona.settings import Settings

if TYPE_CHECKING:
    from rich.console import RenderableType


class Result(NamedTuple):
    """The result of an analysis as JSON and as tables, with remarks for people."""

    document: dict[str, Any]
    tables: Callable[[], Iterable[RenderableType]]
    remarks: Iterable[str]
    batches: BatchAnalysis | None = None


def by_batch(attempts: RunAttempts, settings: Settings) -> Result:
    """Analyze the run's batches and its tier."""
    analysis = analyze_batches(attempts, settings)

    def tables() -> Iterable[RenderableType]:
        from otel_persona.cli.batch_view import batch_view

        return batch_view(analysis)

    document = {"run_id": analysis.run_id, "batches": analysis.batches, "tier": analysis.tier}
    return Result(document, tables, analysis.remarks, analysis)


def by_persona(attempts: RunAttempts, settings: Settings) -> Result:
    """Analyze the run's personas."""
    personas = analyze_personas(attempts, settings.prices)
    run_id = attempts.run_id

    def tables() -> Iterable[RenderableType]:
        from otel_persona.cli.persona_view import persona_view

        return [persona_view(run_id, personas)]

    document = {"run_id": run_id, "personas": personas}
    return Result(document, tables, attempts.remarks(order_matters=False))


def by_stage(attempts: RunAttempts, settings: Settings) -> Result:
    """Analyze the run's stages."""
    stages = analyze_stages(attempts, settings.prices)
    run_id = attempts.run_id

    def tables() -> Iterable[RenderableType]:
        from otel_persona.cli.stage_view import stage_view

        return [stage_view(run_id, stages)]

    document = {
        "run_id": run_id,
        "stages": [stage_document(stage, summary) for stage, summary in stages.items()],
    }
    return Result(document, tables, attempts.remarks(order_matters=False))


ANALYSES = {"batch": by_batch, "persona": by_persona, "stage": by_stage}
