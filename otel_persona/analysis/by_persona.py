"""How each persona of a run ended, and what it took."""

from __future__ import annotations

import msgspec

from otel_persona.analysis.run_attempts import RunAttempts
from otel_persona.analysis.token_tally import TokenTally
from otel_persona.records import AttemptRecord, Status, format_timestamp, parse_timestamp
from otel_persona.settings import Prices


class PersonaSummary(msgspec.Struct, kw_only=True, frozen=True):
    """One persona: its number of attempts per stage, repairs by kind, tokens and cost.

    ``final_status`` is that of the attempt that ended last, or the later line if two ended at the
    same time; ``start`` and ``end`` are the first and last ``ts``.
    """

    persona_id: str
    stages: dict[str, int]
    attempts: int
    final_status: Status
    repairs: dict[str, int]
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost_usd: float
    start: str
    end: str


def analyze_personas(attempts: RunAttempts, prices: Prices) -> list[PersonaSummary]:
    """Read all attempts of a run and return its personas in order of first appearance.

    Memory grows with the number of personas. Raises what reading raises.
    """
    tallies: dict[str, _Tally] = {}
    for record in attempts:
        now = parse_timestamp(record.ts)
        tally = tallies.get(record.persona_id)
        if tally is None:
            tally = tallies[record.persona_id] = _Tally(record, now)
        tally.add(record, now)
    return [tally.summary(persona_id, prices) for persona_id, tally in tallies.items()]


class _Tally:
    """What is kept for one persona; times are in microseconds."""

    __slots__ = ("end", "final_status", "repairs", "stages", "start", "tokens")

    def __init__(self, first: AttemptRecord, now: int) -> None:
        self.start = self.end = now
        self.final_status = first.status
        self.stages: dict[str, int] = {}
        self.repairs: dict[str, int] = {}
        self.tokens = TokenTally()

    def add(self, record: AttemptRecord, now: int) -> None:
        self.start = min(self.start, now)
        if now >= self.end:
            self.end = now
            self.final_status = record.status
        self.stages[record.stage] = self.stages.get(record.stage, 0) + 1
        for kind in record.repairs:
            self.repairs[kind] = self.repairs.get(kind, 0) + 1
        self.tokens.add(record)

    def summary(self, persona_id: str, prices: Prices) -> PersonaSummary:
        return PersonaSummary(
            persona_id=persona_id,
            stages=self.stages,
            attempts=sum(self.stages.values()),
            final_status=self.final_status,
            repairs=self.repairs,
            prompt_tokens=self.tokens.prompt,
            completion_tokens=self.tokens.completion,
            total_tokens=self.tokens.total,
            cost_usd=self.tokens.cost(prices),
            start=format_timestamp(self.start),
            end=format_timestamp(self.end),
        )
