"""The publishers' own figures of the real requests that the package ships: an oracle."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_SUMMARIES = Path(__file__).parent / "data" / "llmperf" / "summaries.csv"
_PERCENTILES = (25, 50, 75, 90, 95, 99)


class Summary(NamedTuple):
    """One provider's answers for one size of the model; latencies are in seconds, of successes."""

    provider: str
    size: str
    model: str
    requests: int
    errors: int
    mean: float
    percentiles: dict[int, float]

    def __str__(self) -> str:
        """Name the test that is about it."""
        return f"{self.provider}_{self.size}"


def published_summaries() -> list[Summary]:
    """Read all summaries, by provider and size."""
    return list(_read())


def _read() -> Iterator[Summary]:
    with _SUMMARIES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Summary(
                provider=row["provider"],
                size=row["size"],
                model=row["model"],
                requests=int(row["requests"]),
                errors=int(row["errors"]),
                mean=float(row["mean"]),
                percentiles={percent: float(row[f"p{percent}"]) for percent in _PERCENTILES},
            )
