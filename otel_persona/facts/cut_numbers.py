"""Numbers cut to a few binary digits, and the middle of all that are cut to one."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Collection, Iterable
from typing import TypeGuard

_MANTISSA_BITS = 52
_SMALLEST_NORMAL = sys.float_info.min


def cut_all(numbers: Collection[float], bits: int) -> Iterable[float]:
    """Cut each number; what ``cut`` does to a normal float is to clear its last binary digits."""
    if _are_counts(numbers):
        return [
            number >> spare << spare if (spare := number.bit_length() - bits - 1) > 0 else number
            for number in numbers
        ]
    if set(map(type, numbers)) != {float} or min(map(abs, numbers)) < _SMALLEST_NORMAL:
        return (cut(number, bits) for number in numbers)
    doubles = f"<{len(numbers)}d"
    kept = ((1 << 64) - (1 << _MANTISSA_BITS - bits)).to_bytes(8, "little") * len(numbers)
    together = int.from_bytes(struct.pack(doubles, *numbers), "little")
    cleared = together & int.from_bytes(kept, "little")
    return struct.unpack(doubles, cleared.to_bytes(len(kept), "little"))


def cut(number: float, bits: int) -> float:
    """Cut a number towards zero to its leading 1 and ``bits`` binary digits; an int stays one."""
    if isinstance(number, int):
        shift = max(number.bit_length() - bits - 1, 0)
        return (abs(number) >> shift << shift) * (-1 if number < 0 else 1)
    mantissa, exponent = math.frexp(number)
    return abs(math.ldexp(int(math.ldexp(mantissa, bits + 1)), exponent - bits - 1)) * (
        -1 if number < 0 else 1
    )


def middles(numbers: Collection[float], bits: int) -> Iterable[float]:
    """Return, for each cut number, the middle of all the numbers that are cut to it."""
    if _are_counts(numbers):
        return [
            number + ((1 << spare) - 1) / 2
            if (spare := number.bit_length() - bits - 1) > 0
            else number
            for number in numbers
        ]
    return (_middle(number, bits) for number in numbers)


def _are_counts(numbers: Collection[float]) -> TypeGuard[Collection[int]]:
    """Whether all are whole and none is below zero, as of milliseconds and tokens."""
    return set(map(type, numbers)) == {int} and min(numbers) >= 0


def _middle(number: float, bits: int) -> float:
    """Return the middle of all the numbers that are cut to this one."""
    if not number:
        return number
    if isinstance(number, int):
        shift = max(number.bit_length() - bits - 1, 0)
        return number + math.copysign(((1 << shift) - 1) / 2, number) if shift else number
    _, exponent = math.frexp(number)
    return number + math.copysign(math.ldexp(0.5, exponent - bits - 1), number)
