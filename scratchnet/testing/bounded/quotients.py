"""Quotients of bound-carrying arrays, with what a divisor near 0 leaves of a bound."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import abs as size

from scratchnet.testing.bounded.accepting import accepted
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.elementwise import multiply
from scratchnet.testing.bounded.exact import exact_product, held, is_power_of_two
from scratchnet.testing.bounded.operands import constant, reals
from scratchnet.testing.bounded.rounding import (
    both_infinite,
    magnitude,
    somewhere,
    torn,
    with_rounding,
)
from scratchnet.testing.formats import Reals


def divide(x: Any, y: Any, /) -> Bounded:
    """x / y = q: abs(x^/y^ - q) <= (ex + abs(q) ey) / (abs(y) - ey).

    A Python number over an array is its product with the reciprocal in PyTorch, which
    rounds twice, and may be infinite or NaN where 1 / y is out of range; on CUDA so is
    an array over a number, by contract.
    """
    if isinstance(x, int | float) and x not in (1, -1):
        return accepted(_quotient(x, y), multiply(x, _quotient(1.0, y)))
    if isinstance(y, int | float) and x.contract.reciprocals:
        one = constant(1.0, x.contract)
        return accepted(_quotient(x, y), multiply(x, _quotient(one, y)))
    return _quotient(x, y)


def _quotient(x: Any, y: Any) -> Bounded:
    a, b = reals(x, y)
    value = a.value / b.value
    result = with_rounding(
        value,
        _moved(a, b, value),
        (a, b),
        underflows=True,
        exact=somewhere(_exact(a, b, value)),
        unknown=lambda: a.may_overflow | torn(b) | both_infinite(a, b),
    )
    by_zero = somewhere(size(b.value) <= b.error)
    if by_zero is None:
        return result
    # The sign of a zero is nobody's promise, so that of 1/0 is not either.
    by_zero = by_zero & ~(np.isnan(value) & (result.error == 0))
    return Bounded(value, a.contract, np.where(by_zero, np.inf, result.error))


def _moved(a: Bounded, b: Bounded, value: Reals) -> Reals | None:
    """How far the exact quotient may be off; None where both are exact."""
    if b.is_exact:
        moved = None if a.is_exact else a.error / magnitude(b.value)
    else:
        reach = magnitude(b.value) - b.error
        moved = (a.error + magnitude(value) * b.error) / reach
        moved = np.where(reach > 0, moved, np.inf)
    return moved if b.is_tame else _over_the_unbounded(a, b, value, moved)


def _exact(a: Bounded, b: Bounded, value: Reals) -> Reals | None:
    """Where nothing rounds; None where that is nowhere."""
    if not b.is_exact:
        nothing = (a.value == 0) & (a.error == 0) & (size(b.value) > b.error)
        return nothing & np.isfinite(b.value) if a.has_exact else None
    if not a.is_exact:
        return _shared(a, b)
    exact = somewhere(held(value, a.contract))
    return None if exact is None else exact & _divides(a, b, value)


def _divides(a: Bounded, b: Bounded, value: Reals) -> Reals:
    """Where the quotient of exact numbers is exact: times y it gives x again."""
    exact = (value * b.value == a.value) & (b.value != 0)
    return exact & exact_product(value, b.value, a.contract)


def _shared(a: Bounded, b: Bounded) -> Reals:
    """Where the divisor is a power of two, and the result cannot underflow; where 0 is
    divided."""
    power = is_power_of_two(b.value) & (b.value != 0)
    reach = size(a.value) - a.error
    normal = reach > 4 * a.contract.format.smallest_normal * size(b.value)
    nothing = (a.value == 0) & (a.error == 0) & (b.value != 0) & ~np.isnan(b.value)
    return (power & normal) | nothing


def _over_the_unbounded(
    a: Bounded, b: Bounded, value: Reals, propagated: Reals | None
) -> Reals:
    """The quotient by an infinity is 0, whatever the finite number above it."""
    moved = np.zeros(value.shape) if propagated is None else propagated
    moved = np.where(b.may_overflow, moved + magnitude(value), moved)
    infinite = np.isinf(b.value) & (b.error == 0) & np.isfinite(a.error)
    return np.where(infinite, 0.0, moved)
