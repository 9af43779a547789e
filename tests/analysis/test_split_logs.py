"""A log in one file and the same log in several give the same figures, to the last bit."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_persona.analysis import (
    BatchAnalysis,
    LogReader,
    RunAttempts,
    analyze_batches,
    analyze_personas,
    analyze_stages,
)
from otel_persona.settings import Prices, Settings

ATTEMPTS = 60
POSITIONS = st.lists(st.integers(0, ATTEMPTS), max_size=4).map(sorted)


@pytest.fixture(scope="module")
def lines(line: Callable[..., bytes]) -> list[bytes]:
    """Make lines with every figure in them; each persona has attempts far apart."""
    return [
        line(
            ts=f"2026-01-31T14:{number:02d}:00.{number * 61 % 1000:03d}Z",
            persona_id=str(number % 25),
            stage=["B", "C", "validation"][number * number % 3],
            status=["success", "fail"][number * number % 7 == 1],
            latency_ms=number * 997 % 5_000,
            repairs=[["trait_leak"], [], []][number * 5 % 3],
            validator_scores={"pollyanna": number * 37 % 101 / 101, "trait_leak": 0.1 * number},
            opening_move="abc"[number * 11 % 3],
            anchors_used=[["piața"], ["zacuscă", "hram"], []][number % 3],
            model=[None, "large"][number % 2],
        )
        for number in range(ATTEMPTS)
    ]


@pytest.fixture(scope="module")
def parts(lines: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """Give a function that writes the lines into one file for each part between positions."""

    def write(positions: list[int]) -> list[str]:
        folder = tmp_path_factory.mktemp("parts")
        paths: list[Path] = []
        for number, (start, end) in enumerate(pairwise([0, *positions, len(lines)])):
            paths.append(folder / f"{number}.log")
            paths[-1].write_bytes(b"".join(lines[start:end]))
        return [str(path) for path in paths]

    return write


def _attempts(paths: list[str]) -> RunAttempts:
    return RunAttempts(LogReader(paths, pytest.fail), Settings())


def _batches(paths: list[str], policy: str) -> BatchAnalysis:
    return analyze_batches(_attempts(paths), Settings(batch=policy))


@pytest.mark.parametrize(
    "policy", ["personas:7", "attempts:11", "sequence:10", "prefix", "time:5m"]
)
@given(positions=POSITIONS)
@settings(max_examples=20, deadline=None)
def test_parts_in_their_order_give_the_batches_of_the_whole(
    policy: str, positions: list[int], parts: Callable[..., list[str]]
) -> None:
    """Wherever the log was split, also inside a batch or a persona."""
    whole = _batches(parts([]), policy)
    assert _batches(parts(positions), policy) == whole


@pytest.mark.parametrize("policy", ["sequence:10", "prefix", "time:5m"])
@given(positions=POSITIONS, shuffle=st.randoms())
@settings(max_examples=20, deadline=None)
def test_parts_in_any_order_give_the_batches_of_the_whole(
    policy: str, positions: list[int], shuffle: random.Random, parts: Callable[..., list[str]]
) -> None:
    """Where the batch follows from the record, not from its position."""
    whole = _batches(parts([]), policy)
    paths = parts(positions)
    shuffle.shuffle(paths)
    assert _batches(paths, policy) == whole


@given(positions=POSITIONS)
@settings(max_examples=20, deadline=None)
def test_parts_give_the_personas_and_stages_of_the_whole(
    positions: list[int], parts: Callable[..., list[str]]
) -> None:
    """A persona whose attempts are in several files is one persona."""
    paths = parts(positions)
    assert analyze_personas(_attempts(paths), Prices()) == analyze_personas(
        _attempts(parts([])), Prices()
    )
    assert analyze_stages(_attempts(paths), Prices()) == analyze_stages(
        _attempts(parts([])), Prices()
    )
