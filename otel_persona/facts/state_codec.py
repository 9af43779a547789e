"""The JSON of a cohort's state: what a file of it holds, and what makes it be refused."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from typing import Annotated, Any

import msgspec

from otel_persona.aggregation.exact_sum import UNIT_BITS, ExactSum
from otel_persona.errors import CohortError
from otel_persona.facts.categories import Categories
from otel_persona.facts.cohort_state import CohortState
from otel_persona.facts.distinct_count import DistinctCount
from otel_persona.facts.distribution import Distribution
from otel_persona.facts.time_blocks import BlockSums, TimeBlocks

NAMES_IN_A_FILE = 4_096
"""How many names of each kind a sidecar keeps."""

_HASH_BYTES = 8
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Number = Annotated[int | float, msgspec.Meta(description="a number")]
_Sum = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^-?[0-9a-f]{1,600}p-?[0-9]{1,4}$",
        description="hexadecimal digits, p and a power of two",
    ),
]
_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$", description="32 hexadecimal digits")]


class _Distribution(msgspec.Struct, forbid_unknown_fields=True):
    """``numbers`` are ascending, and ``counts`` says how often each occurred.

    ``error`` is there for the reader. ``sum`` is exact, as a fraction: hexadecimal digits, ``p``
    and the power of two by which to multiply them.
    """

    numbers: list[_Number]
    counts: list[_Positive]
    bits: Annotated[int, msgspec.Meta(ge=0, le=15)] | None
    error: float
    sum: _Sum


class _Categories(msgspec.Struct, forbid_unknown_fields=True):
    counts: dict[str, _Positive]
    other: _Count
    error: _Count


class _Ids(msgspec.Struct, forbid_unknown_fields=True):
    """``hashes`` are big-endian, ascending, in base 64; ``relative_error`` is for the reader."""

    hashes: str
    relative_error: float


class _BlockSums(msgspec.Struct, forbid_unknown_fields=True):
    counts: list[_Count]
    totals: list[int]


class _Blocks(msgspec.Struct, forbid_unknown_fields=True):
    """``numbers`` are the blocks, ascending; every other list has an item for each of them."""

    exponent: Annotated[int, msgspec.Meta(ge=0, le=64)]
    numbers: list[int]
    attempts: list[_Positive]
    figures: dict[str, _BlockSums]


class WrittenState(msgspec.Struct, forbid_unknown_fields=True):
    """A state as plain JSON holds it."""

    attempts: _Positive
    successes: _Count
    repaired: _Count
    start: str
    end: str
    personas: _Ids
    success_latencies: _Distribution
    other_latencies: _Distribution
    prompt_tokens: _Distribution
    completion_tokens: _Distribution
    scores: dict[str, _Distribution]
    statuses: _Categories
    repairs: _Categories
    opening_moves: _Categories
    constraint_categories: _Categories
    anchors: _Categories
    tokens: dict[str, _Count]
    blocks: _Blocks
    data_hash: _Hash


def encode_state(state: CohortState, *, names: int = NAMES_IN_A_FILE) -> dict[str, Any]:
    """Return a state as plain values for JSON, with at most so many names of each kind."""
    plain: dict[str, Any] = msgspec.to_builtins(write_state(state, names))
    return plain


def write_state(state: CohortState, names: int) -> WrittenState:
    """Return a state as JSON holds it, with at most so many names of each kind."""
    fields = {field: _write(value, names) for field, value in msgspec.structs.asdict(state).items()}
    fields["data_hash"] = f"{state.data_hash:032x}"
    return WrittenState(**fields)


def read_state(written: WrittenState) -> CohortState:
    """Return the state that was written; raises ``CohortError`` if its parts contradict others."""
    try:
        fields = {field: _read(value) for field, value in msgspec.structs.asdict(written).items()}
    except ValueError as error:
        raise CohortError(f"the state of a cohort is damaged: {error}") from None
    fields["data_hash"] = int(written.data_hash, 16)
    return CohortState(**fields)


def _write(value: Any, names: int) -> Any:
    match value:
        case Distribution():
            numbers = sorted(value.counts)
            counts = [value.counts[number] for number in numbers]
            total = _write_sum(value.exact_sum())
            return _Distribution(numbers, counts, value.bits, value.error, total)
        case Categories():
            held = value.held_to(names)
            return _Categories(held.counts, held.other, held.error)
        case DistinctCount():
            return _Ids(_write_hashes(value.kept()), value.relative_error)
        case TimeBlocks():
            return _write_blocks(value)
        case dict():
            return {name: _write(part, names) for name, part in value.items()}
    return value


def _read(written: Any) -> Any:
    match written:
        case _Distribution():
            return _read_distribution(written)
        case _Categories():
            return Categories(written.counts, written.other, written.error)
        case _Ids():
            return DistinctCount.of_hashes(_read_hashes(written.hashes))
        case _Blocks():
            return _read_blocks(written)
        case dict():
            return {name: _read(part) for name, part in written.items()}
    return written


def _read_distribution(written: _Distribution) -> Distribution:
    counts = dict(zip(written.numbers, written.counts, strict=True))
    if len(counts) < len(written.numbers):
        raise ValueError("a number occurs twice in a distribution")
    return Distribution(counts, written.bits, _read_sum(written.sum, sum(written.counts)))


def _write_sum(total: ExactSum) -> str:
    zeros = (total.units & -total.units).bit_length() - 1 if total.units else 0
    return f"{total.units >> zeros:x}p{zeros - UNIT_BITS}"


def _read_sum(text: str, count: int) -> ExactSum:
    digits, _, power = text.partition("p")
    shift = int(power) + UNIT_BITS
    if shift < 0:
        raise ValueError(f"the sum {text} is finer than any number")
    return ExactSum(count, int(digits, 16) << shift)


def _write_hashes(hashes: list[int]) -> str:
    return b64encode(struct.pack(f">{len(hashes)}Q", *hashes)).decode()


def _read_hashes(text: str) -> set[int]:
    raw = b64decode(text, validate=True)
    if len(raw) % _HASH_BYTES:
        raise ValueError("the hashes of the personas are not whole")
    return set(struct.unpack(f">{len(raw) // _HASH_BYTES}Q", raw))


def _write_blocks(blocks: TimeBlocks) -> _Blocks:
    numbers = sorted(blocks.attempts)
    return _Blocks(
        blocks.exponent,
        numbers,
        [blocks.attempts[number] for number in numbers],
        {
            figure: _BlockSums(
                [sums.counts.get(number, 0) for number in numbers],
                [sums.totals.get(number, 0) for number in numbers],
            )
            for figure, sums in blocks.figures.items()
        },
    )


def _read_blocks(written: _Blocks) -> TimeBlocks:
    numbers = written.numbers
    attempts = dict(zip(numbers, written.attempts, strict=True))
    figures = {figure: _read_sums(numbers, sums) for figure, sums in written.figures.items()}
    return TimeBlocks(written.exponent, attempts, figures)


def _read_sums(numbers: list[int], written: _BlockSums) -> BlockSums:
    counts = dict(zip(numbers, written.counts, strict=True))
    totals = dict(zip(numbers, written.totals, strict=True))
    for number in [number for number, count in counts.items() if not count]:
        del counts[number], totals[number]
    return BlockSums(counts, totals)
