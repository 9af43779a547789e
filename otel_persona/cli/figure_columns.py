"""The columns shared by the tables of batches and of stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from otel_persona.aggregation import BatchSummary
from otel_persona.cli.cells import decimal, percent, usd, whole
from otel_persona.cli.tables import Column


class FigureColumn(NamedTuple):
    """A figure: its column, and its text for a batch.

    If it has a band, ``indicator`` is the indicator that gives it, and ``name`` is what the figure
    is called in a sentence.
    """

    column: Column
    text: Callable[[BatchSummary], str]
    indicator: str = ""
    name: str = ""


FIGURES = (
    FigureColumn(Column("Personas", is_spare=True), lambda batch: whole(batch.personas)),
    FigureColumn(Column("Attempts"), lambda batch: whole(batch.batch_size)),
    FigureColumn(Column("Success", is_spare=True), lambda batch: percent(batch.success_rate)),
    FigureColumn(
        Column("Mean ms"), lambda batch: whole(batch.mean_latency_ms), "mean_latency", "mean ms"
    ),
    FigureColumn(Column("p95 ms", is_spare=True), lambda batch: whole(batch.p95_latency_ms)),
    FigureColumn(
        Column("Repairs"), lambda batch: percent(batch.repair_rate), "repair_rate", "repair rate"
    ),
    FigureColumn(
        Column("Entropy"),
        lambda batch: decimal(batch.opening_move_entropy),
        "opening_entropy",
        "opening entropy",
    ),
    FigureColumn(
        Column("Pollyanna"),
        lambda batch: decimal(batch.mean_validator_scores["pollyanna"]),
        "pollyanna_score",
        "pollyanna",
    ),
    FigureColumn(
        Column("Anchors"),
        lambda batch: decimal(batch.anchor_diversity),
        "anchor_diversity",
        "anchor diversity",
    ),
    FigureColumn(
        Column("Rarefied", is_spare=True), lambda batch: decimal(batch.anchors_rarefied_150)
    ),
    FigureColumn(Column("Tokens", is_spare=True), lambda batch: whole(batch.total_tokens)),
    FigureColumn(Column("USD", is_spare=True), lambda batch: usd(batch.cost_usd)),
)
