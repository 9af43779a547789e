"""The figures of a run's batches and of its tier."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from otel_persona.aggregation import Aggregator, Band, BatchSummary, TierSummary
from otel_persona.analysis.run_attempts import RunAttempts
from otel_persona.errors import LogReadError, RecordError
from otel_persona.settings import Settings


class BatchAnalysis(msgspec.Struct, kw_only=True, frozen=True):
    """The batches of a run in order, its tier, and sentences about anything unusual."""

    run_id: str
    batches: list[BatchSummary]
    tier: TierSummary
    remarks: list[str]

    def reaching(self, bands: Collection[Band]) -> Iterator[tuple[BatchSummary, str]]:
        """Yield each batch and indicator for which the indicator is in one of ``bands``.

        Partial batches are considered only if no batch is complete.
        """
        complete = [batch for batch in self.batches if batch.complete]
        for batch in complete or self.batches:
            for name, indicator in batch.indicators.items():
                if indicator.band in bands:
                    yield batch, name


def analyze_batches(attempts: RunAttempts, settings: Settings) -> BatchAnalysis:
    """Read all attempts of a run and cut them into batches as the settings say.

    An attempt whose persona id the batch policy cannot use is reported as skipped. Raises
    ``LogReadError`` if no attempt is left, and what reading raises.
    """
    aggregator: Aggregator | None = None
    batches: list[BatchSummary] = []
    for record in attempts:
        if aggregator is None:
            aggregator = Aggregator(settings)
        try:
            batches += aggregator.add(record)
        except RecordError as error:
            attempts.reader.refuse(error.reason)
    if aggregator is not None:
        batches += aggregator.finish()
    if aggregator is None or not batches:
        raise LogReadError(f"no attempt can be put into batches of {settings.batch}")
    return BatchAnalysis(
        run_id=attempts.run_id,
        batches=batches,
        tier=msgspec.structs.replace(aggregator.tier_summary(), tier=attempts.tier),
        remarks=[
            *attempts.remarks(order_matters=not settings.batch_policy.is_keyed),
            *_unscored(batches),
        ],
    )


def _unscored(batches: list[BatchSummary]) -> Iterator[str]:
    scored = {
        name
        for batch in batches
        for name, mean in batch.mean_validator_scores.items()
        if mean is not None
    }
    missing = [name for name in batches[0].mean_validator_scores if name not in scored]
    if missing:
        yield f"no attempt has a score of {', '.join(missing)}"
