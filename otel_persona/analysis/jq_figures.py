"""The three figures that the specification reads from a log with jq, over all runs together.

They group and name as jq does: a group is named after the persona id of its first attempt.
"""

from __future__ import annotations

import msgspec

from otel_persona.aggregation import ClosedBatch, KeyedBatcher
from otel_persona.analysis.log_reader import LogReader
from otel_persona.analysis.run_attempts import no_attempts
from otel_persona.analysis.token_tally import TokenTally
from otel_persona.errors import LogReadError, RecordError, UsageError
from otel_persona.settings import BatchPolicy, Prices


class Cost(msgspec.Struct, kw_only=True, frozen=True):
    """The tokens in a log and what they cost."""

    attempts: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost_usd: float


class RepairRate(msgspec.Struct, kw_only=True, frozen=True):
    """The share of attempts with a repair in one group, from 0 to 1."""

    batch: str
    attempts: int
    repaired: int
    repair_rate: float


class PollyannaMean(msgspec.Struct, kw_only=True, frozen=True):
    """The mean pollyanna score of one group's ``scored`` attempts; ``None`` if there are none."""

    batch: str
    attempts: int
    scored: int
    mean_pol: float | None


def cost(reader: LogReader, prices: Prices) -> Cost:
    """Add up what all attempts cost; raises ``LogReadError`` if there are none."""
    tokens = TokenTally()
    attempts = 0
    for record in reader:
        attempts += 1
        tokens.add(record)
    if not attempts:
        raise no_attempts(reader)
    return Cost(
        attempts=attempts,
        prompt_tokens=tokens.prompt,
        completion_tokens=tokens.completion,
        total_tokens=tokens.total,
        cost_usd=tokens.cost(prices),
    )


def repair_rates(reader: LogReader) -> list[RepairRate]:
    """Return the repair rate of each group of ids with the same part before the first ``-``.

    Groups are sorted by that part. Raises ``LogReadError`` if there is no attempt.
    """
    groups = _groups(reader, BatchPolicy("prefix", 0))
    return [
        RepairRate(
            batch=first,
            attempts=batch.state.attempts,
            repaired=batch.state.repaired,
            repair_rate=batch.state.repaired / batch.state.attempts,
        )
        for first, batch in sorted(groups, key=lambda group: group[1].key or "")
    ]


def pollyanna_means(reader: LogReader, policy: BatchPolicy) -> list[PollyannaMean]:
    """Return the mean pollyanna score of each group of numeric ids, such as ``sequence:1000``.

    Groups are sorted by number; an attempt whose id is not a whole number is reported as skipped.
    Raises ``LogReadError`` if no attempt is left, and ``UsageError`` if ``policy`` is not a
    ``sequence``.
    """
    if policy.kind != "sequence":
        raise UsageError(f"ids are grouped by sequence:N, not by {policy}")
    means = []
    for first, batch in _groups(reader, policy):
        scores = batch.state.scores.get("pollyanna")
        means.append(
            PollyannaMean(
                batch=first,
                attempts=batch.state.attempts,
                scored=scores.count if scores else 0,
                mean_pol=scores.mean() if scores else None,
            )
        )
    return means


def _groups(reader: LogReader, policy: BatchPolicy) -> list[tuple[str, ClosedBatch]]:
    """Group all attempts by ``policy``; returns each group with its first persona id in the log."""
    batcher = KeyedBatcher(policy, None)
    positions: dict[str, int] = {}
    unplaced = 0
    for record in reader:
        try:
            batcher.add(record)
        except RecordError as error:
            unplaced += 1
            reader.refuse(error.reason)
        else:
            positions.setdefault(record.persona_id, len(positions))
    groups = [
        (min(batch.state.personas, key=positions.__getitem__), batch) for batch in batcher.finish()
    ]
    if not groups and unplaced:
        raise LogReadError(f"no attempt can be put into batches of {policy}")
    if not groups:
        raise no_attempts(reader)
    return groups
