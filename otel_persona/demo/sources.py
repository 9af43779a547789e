"""The two real data sets that the demo replays, read from inside the package."""

from __future__ import annotations

import csv
import io
import json
from importlib import resources
from typing import NamedTuple

RATE_LIMITED = 429
NO_ANSWER = -1
OUTPUT_TOO_SHORT = -100


class Source(NamedTuple):
    """Where data comes from: its folder here, its name, its license, and what it is."""

    folder: str
    name: str
    licence: str
    content: str


GOALPREF = Source(
    "goalpref", "GoalPref-Bench", "MIT", "500 first-person personas written by GPT-4o"
)
LLMPERF = Source(
    "llmperf",
    "LLMPerf leaderboard",
    "Apache-2.0",
    "2,100 requests to Llama 2 chat models at 6 providers, December 2023",
)


class Request(NamedTuple):
    """One real request to a language model: end-to-end seconds, tokens, and error code if any.

    For error codes 429 and -1 the data has placeholders instead of latency and tokens.
    """

    provider: str
    model: str
    latency_s: float
    input_tokens: int
    output_tokens: int
    error_code: int | None

    @property
    def measured(self) -> bool:
        """Whether latency and tokens were actually measured."""
        return self.error_code not in (RATE_LIMITED, NO_ANSWER)


def load_texts() -> tuple[str, ...]:
    """Read the 500 persona texts, in their original order."""
    lines = _read(GOALPREF, "personas.jsonl").splitlines()
    return tuple(json.loads(line)["text"] for line in lines)


def load_requests() -> tuple[Request, ...]:
    """Read the 2,100 requests, grouped by provider and model, each group in its own order."""
    rows = csv.DictReader(io.StringIO(_read(LLMPERF, "requests.csv")))
    return tuple(
        Request(
            provider=row["provider"],
            model=row["model"],
            latency_s=float(row["latency_s"]),
            input_tokens=int(row["input_tokens"]),
            output_tokens=int(row["output_tokens"]),
            error_code=int(row["error_code"]) if row["error_code"] else None,
        )
        for row in rows
    )


def _read(source: Source, name: str) -> str:
    folder = resources.files("otel_persona.demo") / "data" / source.folder
    return (folder / name).read_text("utf-8")
