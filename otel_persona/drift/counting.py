"""Counts arrays of numbers at once, into the same distribution as one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_persona.aggregation.exact_sum import UNIT_BITS, ExactSum
from otel_persona.errors import UsageError
from otel_persona.facts import Distribution
from otel_persona.facts.distribution import MOST_BITS, MOST_DISTINCT

if TYPE_CHECKING:
    import numpy.typing as npt

    _Array = npt.NDArray[Any]

_MANTISSA_BITS = 53
_LARGEST_WHOLE = 2**_MANTISSA_BITS
# Sums of half a mantissa stay in 64 bits for any array that fits into memory.
_HALF_BITS = 27


def distribution_of(numbers: npt.ArrayLike) -> Distribution:
    """Return ``Distribution.of(numbers)``, for a million of them in about a tenth of a second.

    ``numbers`` are finite floats, or whole numbers of at most 2**53, in any array; others raise
    ``UsageError``.
    """
    import numpy as np

    array = _checked(np.asarray(numbers)) + 0  # -0.0 becomes 0.0
    distinct, counts = np.unique(array, return_counts=True)
    bits = None
    while len(distinct) > MOST_DISTINCT and bits != 0:
        bits = MOST_BITS if bits is None else bits - 1
        distinct, counts = _gathered(_cut(distinct, bits), counts)
    exact = ExactSum(len(array), _units(array)) if len(array) else ExactSum()
    return Distribution(dict(zip(distinct.tolist(), counts.tolist(), strict=True)), bits, exact)


def _checked(numbers: _Array) -> _Array:
    """Return the numbers in one row, in 64 bits each."""
    import numpy as np

    kind = numbers.dtype.kind
    if kind == "f":
        if not np.isfinite(numbers).all():
            raise UsageError("a number is not finite; leave it out")
        return numbers.ravel().astype(np.float64)
    if kind not in "iu":
        raise UsageError(f"an array of {numbers.dtype} holds no numbers; give floats or integers")
    if ((numbers < -_LARGEST_WHOLE) | (numbers > _LARGEST_WHOLE)).any():
        raise UsageError(f"a number is beyond {_LARGEST_WHOLE}; give floats")
    return numbers.ravel().astype(np.int64)


def _gathered(ascending: _Array, counts: _Array) -> tuple[_Array, _Array]:
    """Add up the counts of equal neighbours."""
    import numpy as np

    starts = np.flatnonzero(np.diff(ascending, prepend=np.nan))
    return ascending[starts], np.add.reduceat(counts, starts)


def _cut(numbers: _Array, bits: int) -> _Array:
    """Cut numbers towards zero to their leading 1 and ``bits`` binary digits."""
    import numpy as np

    mantissas, exponents = np.frexp(numbers)
    cut = np.ldexp(np.trunc(np.ldexp(mantissas, bits + 1)), exponents - bits - 1)
    kept: _Array = cut.astype(numbers.dtype)
    return kept


def _units(numbers: _Array) -> int:
    """Return the exact sum in units of ``2**-UNIT_BITS``."""
    import numpy as np

    mantissas, exponents = np.frexp(numbers)
    whole = np.ldexp(mantissas, _MANTISSA_BITS).astype(np.int64)
    lowest = int(exponents.min())
    high, low = (np.zeros(int(exponents.max()) - lowest + 1, np.int64) for _ in range(2))
    np.add.at(high, exponents - lowest, whole >> _HALF_BITS)
    np.add.at(low, exponents - lowest, whole & ((1 << _HALF_BITS) - 1))
    units = 0
    for shift, (upper, lower) in enumerate(
        zip(high.tolist(), low.tolist(), strict=True), lowest + UNIT_BITS - _MANTISSA_BITS
    ):
        total = (upper << _HALF_BITS) + lower
        units += total << shift if shift >= 0 else total >> -shift
    return units
