"""The batches of a run as tables: a row for each, the indicators, and the tier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from otel_persona.aggregation import BatchSummary, TierSummary
from otel_persona.analysis import BatchAnalysis
from otel_persona.cli.cells import UNKNOWN, decimal, percent, signed, whole
from otel_persona.cli.figure_columns import FIGURES
from otel_persona.cli.printing import printable
from otel_persona.cli.tables import LEGEND, Column, FigureTable, coloured, marked
from otel_persona.settings import Direction

# Shown beside a validator's slope, which alone does not say whether it is more than noise.
_DIRECTIONS: dict[Direction, str] = {
    "higher_is_worse": "higher is worse",
    "higher_is_better": "higher is better",
    "band": "worse both ways",
}


def batch_view(analysis: BatchAnalysis) -> Iterator[RenderableType]:
    """Yield everything that the analysis of a run by batch shows."""
    yield batch_table(f"Batches of {printable(analysis.run_id)}", analysis.batches)
    yield Text(f"{LEGEND}\n")
    yield _indicators(analysis.batches)
    yield _tier(analysis.tier)


def batch_table(
    title: str, batches: Sequence[BatchSummary], *, complete_in: str = "--format json"
) -> FigureTable:
    """Make a table with a row per batch; ``complete_in`` names the output that omits no row."""
    keyed = any(batch.key is not None for batch in batches)
    return FigureTable(
        title,
        [
            Column("Batch", is_text=True),
            *([Column("Key", is_text=True)] if keyed else []),
            *(figure.column for figure in FIGURES),
            Column("Start", is_text=True, is_spare=True),
        ],
        [_batch(batch) for batch in batches],
        complete_in=complete_in,
    )


def _batch(batch: BatchSummary) -> list[str | Text]:
    cells: list[str | Text] = [f"{batch.index}" if batch.complete else f"{batch.index} partial"]
    if batch.key is not None:
        cells.append(printable(batch.key))
    for figure in FIGURES:
        indicator = batch.indicators.get(figure.indicator)
        text = figure.text(batch)
        cells.append(marked(text, indicator.band) if indicator else text)
    return [*cells, batch.start]


def _indicators(batches: list[BatchSummary]) -> FigureTable:
    """Show the newest complete batch, and how many complete ones are in each band."""
    complete = [batch for batch in batches if batch.complete] or batches
    newest = complete[-1]
    bands = Counter(
        (name, indicator.band) for batch in complete for name, indicator in batch.indicators.items()
    )
    return FigureTable(
        f"Key indicators of batch {newest.index}, as specified",
        [
            Column("Indicator", is_text=True),
            Column("Value"),
            Column("Band", is_text=True),
            Column("Attempts"),
            Column("Batches !!", is_spare=True),
            Column("Batches !", is_spare=True),
            Column("Limits", is_text=True, is_wrapped=True),
        ],
        [
            [
                name,
                decimal(indicator.value),
                coloured(indicator.band, indicator.band) if indicator.band else UNKNOWN,
                whole(indicator.n),
                whole(bands[name, "critical"]),
                whole(bands[name, "warning"]),
                ", ".join(f"{limit} {value:g}" for limit, value in indicator.limits.items()),
            ]
            for name, indicator in newest.indicators.items()
        ],
    )


def _tier(tier: TierSummary) -> FigureTable:
    rows = [
        ("total_personas", whole(tier.total_personas), ""),
        ("total_attempts", whole(tier.total_attempts), ""),
        ("overall_success_rate", percent(tier.overall_success_rate), ""),
        _drift_trend(tier, "repair_rate_trend"),
        ("latency_trend", signed(tier.latency_trend), "ms per batch"),
        _drift_trend(tier, "opening_entropy_trend"),
        _drift_trend(tier, "pollyanna_score_trend"),
        ("drift_detected", "yes" if tier.drift_detected else "no", "as specified"),
    ]
    for name, trend in tier.validator_trends.items():
        remark = _DIRECTIONS[trend.direction] if trend.direction else ""
        rows.append((f"{printable(name)} (validator)", signed(trend.slope), remark))
    return FigureTable(
        f"Tier {printable(tier.tier)}; trends are per batch",
        [
            Column("Figure", is_text=True),
            Column("Value"),
            Column("Remark", is_text=True, is_wrapped=True),
        ],
        rows,
    )


def _drift_trend(tier: TierSummary, name: str) -> tuple[str, str, str]:
    """Return the row of a trend that the specification's drift_detected depends on."""
    slope = getattr(tier, name)
    remark = ""
    if slope is None:
        remark = "too few batches: a trend needs two complete ones with a value"
    elif not getattr(tier.drift_reachable, name):
        remark = "its drift threshold is out of reach with so many batches"
    return name, signed(slope), remark
