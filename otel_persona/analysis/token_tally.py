"""The tokens of attempts, in and out, and by model for pricing."""

from __future__ import annotations

from otel_persona.records import AttemptRecord
from otel_persona.settings import Prices


class TokenTally:
    """Adds up the tokens of attempts."""

    __slots__ = ("_by_model", "completion", "prompt")

    def __init__(self) -> None:
        self.prompt = 0
        self.completion = 0
        self._by_model: dict[str, int] = {}

    def add(self, record: AttemptRecord) -> None:
        """Add an attempt's tokens."""
        self.prompt += record.prompt_tokens
        self.completion += record.completion_tokens
        model = record.model or ""
        tokens = record.prompt_tokens + record.completion_tokens
        self._by_model[model] = self._by_model.get(model, 0) + tokens

    @property
    def total(self) -> int:
        """All tokens."""
        return self.prompt + self.completion

    def cost(self, prices: Prices) -> float:
        """Return the cost in USD."""
        return prices.cost(self._by_model)
