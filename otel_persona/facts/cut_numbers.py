"""Numbers cut to a few binary digits, and the middle of all that are cut to one."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Collection, Iterable

_MANTISSA_BITS = 52
_SMALLEST_NORMAL = sys.float_info.min


def cut_all(numbers: Collection[float], bits: int) -> Iterable[float]:
    """Cut each number; what ``cut`` does to a normal float is to clear its last binary digits."""
    if whole := _whole(numbers):
        return [
            number >> spare << spare if (spare := number.bit_length() - bits - 1) > 0 else number
            for number in whole
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
    if whole := _whole(numbers):
        return [
            number + ((1 << spare) - 1) / 2
            if (spare := number.bit_length() - bits - 1) > 0
            else number
            for number in whole
        ]
    return (_middle(number, bits) for number in numbers)


def _whole(numbers: Collection[float]) -> list[int]:
    """Return the numbers if they are counts or the like, as most are, and none otherwise."""
    whole = [number for number in numbers if isinstance(number, int) and number >= 0]
    return whole if len(whole) == len(numbers) else []


def _middle(number: float, bits: int) -> float:
    """Return the middle of all the numbers that are cut to this one."""
    if not number:
        return number
    if isinstance(number, int):
        shift = max(number.bit_length() - bits - 1, 0)
        return number + math.copysign(((1 << shift) - 1) / 2, number) if shift else number
    _, exponent = math.frexp(number)
    return number + math.copysign(math.ldexp(0.5, exponent - bits - 1), number)
