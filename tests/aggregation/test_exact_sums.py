"""Sums of floats: exact, whatever the order."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from otel_persona.aggregation.exact_sum import UNIT_BITS, ExactSum, in_units

finite = st.floats(allow_nan=False, allow_infinity=False)


def summed(values: list[float]) -> ExactSum:
    """Add up ``values`` in their order."""
    total = ExactSum()
    for value in values:
        total.add(in_units(value))
    return total


@given(st.lists(finite, min_size=1))
def test_the_sum_is_the_sum_of_the_fractions(values: list[float]) -> None:
    """No bit is lost, from the smallest subnormal to the largest float."""
    total = summed(values)
    exact = sum(map(Fraction, values))
    assert Fraction(total.units, 2**UNIT_BITS) == exact
    assert total.mean() == float(exact / len(values))


@given(st.data(), st.lists(finite))
def test_the_order_has_no_influence(data: st.DataObject, values: list[float]) -> None:
    """Any order of the same floats gives the same sum, where adding floats would not."""
    assert summed(values) == summed(data.draw(st.permutations(values)))


@given(st.lists(finite), st.lists(finite))
def test_merging_equals_adding_all(left: list[float], right: list[float]) -> None:
    """Two sums merge into the sum of both."""
    total = summed(left)
    total.merge(summed(right))
    assert total == summed(left + right)


def test_nothing_has_no_mean() -> None:
    """No score gives no mean, not zero."""
    assert ExactSum().mean() is None


def test_a_sum_that_floats_get_wrong() -> None:
    """A large score and its negative do not swallow the small ones between them."""
    assert summed([1e300, 1.0, -1e300, 1.0]).mean() == 0.5
