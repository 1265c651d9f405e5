"""Elementwise operations on bound-carrying arrays, each with its derivation.

x^ is what the subject holds for an exact x: abs(x^ - x) <= e. Propagation says how far
f(x^) may be from f(x); `with_rounding` adds what computing f costs. Where all operands
are exact nothing is propagated, and where the exact result is a number of the format
nothing rounds either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import abs as size

from scratchnet.testing.bounded.array import Bounded, UnboundedError, lifted
from scratchnet.testing.bounded.exact import (
    exact_product,
    exact_sum,
    held,
    is_power_of_two,
)
from scratchnet.testing.bounded.functions import sqrt
from scratchnet.testing.bounded.rounding import magnitude, with_rounding
from scratchnet.testing.formats import Reals


def pair(x: Any, y: Any, /) -> tuple[Bounded, Bounded]:
    """Both operands as bound-carrying arrays of one contract."""
    like = x if isinstance(x, Bounded) else y
    return lifted(x, like), lifted(y, like)


def real(x: Bounded, /) -> Bounded:
    """x as numbers: of a mask 0 and 1, of integers themselves."""
    if x.is_real:
        return x
    value = x.value.astype(x.contract.oracle.dtype)
    if x.value.dtype == bool:
        return Bounded(value, x.contract, x.error)
    rounding = size(x.contract.format.rounded(value) - value)
    return Bounded(value, x.contract, x.error + rounding.astype(np.float64))


def reals(x: Any, y: Any, /) -> tuple[Bounded, Bounded]:
    """Both operands as numbers."""
    a, b = pair(x, y)
    return real(a), real(b)


def are_integers(*operands: Any) -> bool:
    """Whether these are all labels or masks, or Python integers beside them."""
    return all(map(_is_integer, operands))


def _is_integer(x: Any) -> bool:
    if isinstance(x, Bounded):
        return not x.is_real
    if isinstance(x, float):
        return False
    return isinstance(x, int) or (hasattr(x, "dtype") and "float" not in str(x.dtype))


def integers(
    function: Callable[..., Reals], x: Any, y: Any, /, *, logical: bool = False
) -> Bounded:
    """A function of labels or masks, which are exact; ambiguity is passed on."""
    like = x if isinstance(x, Bounded) else y
    a, b = (
        Bounded(np.asarray(z), like.contract) if isinstance(z, int) else lifted(z, like)
        for z in (x, y)
    )
    value = function(a.value, b.value)
    if a.is_exact and b.is_exact:
        return Bounded(value, like.contract)
    if not logical or not a.value.dtype == b.value.dtype == bool:
        raise UnboundedError(
            "Bounded", "arithmetic of undecided integers", "required exact ones"
        )
    either = [function(p, q) for p in _possible(a) for q in _possible(b)]
    differs = np.any([each != value for each in either], axis=0)
    return Bounded(value, like.contract, differs.astype(np.float64))


def _possible(mask: Bounded) -> tuple[Reals, Reals]:
    """The mask as it is, and with what is undecided turned."""
    return mask.value, np.where(mask.error > 0, ~mask.value, mask.value)


def add(x: Any, y: Any, /) -> Bounded:
    """x + y: errors add. Sums never underflow: they are exact below normal numbers."""
    if are_integers(x, y):
        return integers(np.add, x, y)
    return _added(*reals(x, y))


def subtract(x: Any, y: Any, /) -> Bounded:
    """x - y, which is x + (-y)."""
    if are_integers(x, y):
        return integers(np.subtract, x, y)
    a, b = reals(x, y)
    return _added(a, negative(b))


def _added(a: Bounded, b: Bounded) -> Bounded:
    value = a.value + b.value
    if a.is_exact and b.is_exact:
        propagated, exact = None, held(value, a.contract)
        if exact.any():
            exact = exact & exact_sum(a.value, b.value, value)
    else:
        propagated = a.error + b.error
        exact = _certain_zero(a) | _certain_zero(b)
    # An infinity remains one beside a number, but where both may be infinite they may
    # be of opposite sign.
    result = with_rounding(
        value,
        propagated,
        (a, b),
        underflows=a.contract.flush_to_zero,
        exact=exact if exact.any() else None,
        unknown=lambda: _torn(a) | _torn(b) | _both_infinite(a, b),
    )
    if a.is_tame and b.is_tame:
        return result
    return _overflown_too(result, a.may_overflow | b.may_overflow)


def _certain_zero(x: Bounded) -> Reals:
    return (x.value == 0) & (x.error == 0)


def _torn(x: Bounded) -> Reals:
    """Where x may be an infinity of either sign."""
    return x.may_overflow & ~(x.error < size(x.value))


def _both_infinite(a: Bounded, b: Bounded) -> Reals:
    """Where both may be infinite, at least one of them because it overflowed."""
    over_a, over_b = a.may_overflow, b.may_overflow
    return (over_a & (over_b | np.isinf(b.value))) | (over_b & np.isinf(a.value))


def _overflown_too(x: Bounded, where: Reals) -> Bounded:
    """x, whose bound also lets it be infinite where a term of it may be."""
    beyond = 2 * np.asarray(x.contract.format.largest, x.value.dtype) - size(x.value)
    wide = np.fmax(x.error, np.asarray(beyond, np.float64))
    return Bounded(x.value, x.contract, np.where(where, wide, x.error))


def multiply(x: Any, y: Any, /) -> Bounded:
    """x * y: abs(x^y^ - xy) <= abs(x) ey + abs(y) ex + ex ey."""
    if are_integers(x, y):
        return integers(np.multiply, x, y)
    a, b = reals(x, y)
    value = a.value * b.value
    if a.is_exact and b.is_exact:
        propagated, exact = None, held(value, a.contract)
        if exact.any():
            exact = exact & exact_product(a.value, b.value, a.contract)
    else:
        propagated, exact = _product_moved(a, b), _scaled(a, b, value)
    result = with_rounding(
        value,
        propagated,
        (a, b),
        underflows=True,
        exact=exact if exact.any() else None,
    )
    return result if a.is_tame and b.is_tame else _undecided(result, a, b)


def _product_moved(a: Bounded, b: Bounded) -> Reals:
    """abs(x) ey + abs(y) ex + ex ey."""
    if a.is_exact:
        return magnitude(a.value) * b.error
    if b.is_exact:
        return magnitude(b.value) * a.error
    return magnitude(a.value) * b.error + (magnitude(b.value) + b.error) * a.error


def _scaled(a: Bounded, b: Bounded, value: Reals) -> Reals:
    """Where one factor is a power of two, or 0, and the result cannot underflow."""
    exact = np.asarray(False)
    for factor, other in ((a, b), (b, a)):
        if factor.is_exact and (power := is_power_of_two(factor.value)).any():
            reach = size(other.value) - other.error
            smallest = 4 * a.contract.format.smallest_normal
            normal = size(factor.value) * reach > smallest
            exact = exact | (power & (normal | (factor.value == 0)))
    return exact & np.isfinite(value)


def divide(x: Any, y: Any, /) -> Bounded:
    """x / y = q: abs(x^/y^ - q) <= (ex + abs(q) ey) / (abs(y) - ey)."""
    a, b = reals(x, y)
    value = a.value / b.value
    exact = None
    if a.is_exact and b.is_exact:
        propagated = None
        exact = held(value, a.contract)
        if exact.any():
            exact = exact & _divides(a, b, value)
    elif b.is_exact:
        propagated, exact = a.error / magnitude(b.value), _shared(a, b)
    else:
        reach = magnitude(b.value) - b.error
        moved = (a.error + magnitude(value) * b.error) / reach
        propagated = np.where(reach > 0, moved, np.inf)
    if not b.is_tame:
        propagated = _over_the_unbounded(a, b, value, propagated)
    result = with_rounding(
        value,
        propagated,
        (a, b),
        underflows=True,
        exact=exact if exact is not None and exact.any() else None,
        unknown=lambda: a.may_overflow | _torn(b) | _both_infinite(a, b),
    )
    # The sign of a zero is nobody's promise, so that of 1/0 is not either.
    by_zero = size(b.value) <= b.error
    if not by_zero.any():
        return result
    by_zero = by_zero & ~(np.isnan(value) & (result.error == 0))
    return Bounded(value, a.contract, np.where(by_zero, np.inf, result.error))


def _divides(a: Bounded, b: Bounded, value: Reals) -> Reals:
    """Where the quotient of exact numbers is exact: times y it gives x again."""
    exact = (value * b.value == a.value) & (b.value != 0)
    return exact & exact_product(value, b.value, a.contract)


def _shared(a: Bounded, b: Bounded) -> Reals:
    """Where the divisor is a power of two, and the result cannot underflow."""
    power = is_power_of_two(b.value) & (b.value != 0)
    reach = size(a.value) - a.error
    normal = reach > 4 * a.contract.format.smallest_normal * size(b.value)
    return power & normal


def _over_the_unbounded(
    a: Bounded, b: Bounded, value: Reals, propagated: Reals | None
) -> Reals:
    """The quotient by an infinity is 0, whatever the finite number above it."""
    moved = np.zeros(value.shape) if propagated is None else propagated
    moved = np.where(b.may_overflow, moved + magnitude(value), moved)
    infinite = np.isinf(b.value) & (b.error == 0) & np.isfinite(a.error)
    return np.where(infinite, 0.0, moved)


def _undecided(result: Bounded, a: Bounded, b: Bounded) -> Bounded:
    """Nothing is known where infinity meets what may be 0 or of either sign."""
    odd = (np.isinf(a.value) & (b.error > 0) & (size(b.value) <= b.error)) | (
        np.isinf(b.value) & (a.error > 0) & (size(a.value) <= a.error)
    )
    return Bounded(result.value, result.contract, np.where(odd, np.inf, result.error))


def negative(x: Bounded, /) -> Bounded:
    """-x, which is exact."""
    return Bounded(-x.value, x.contract, x.error)


def absolute(x: Bounded, /) -> Bounded:
    """abs(x): exact, and no slope exceeds 1."""
    return Bounded(size(x.value), x.contract, x.error)


def square(x: Bounded, /) -> Bounded:
    """x * x."""
    return multiply(x, x)


def to_power(x: Any, y: Any, /) -> Bounded:
    """x ** y: by the operator a square is a product, and a power of 0.5 a root."""
    if isinstance(x, Bounded) and isinstance(y, int | float) and y in (0.5, 2):
        return square(real(x)) if y == 2 else sqrt(real(x))
    return power(x, y)


def power(x: Any, y: Any, /) -> Bounded:
    """x to a small whole power by repeated products or by a library's pow.

    abs(x^n) is differentiated n times by its factors: each of the n - 1 products rounds
    once, and pow() itself may be off by its ulps.
    """
    if not isinstance(y, int | float) or not isinstance(x, Bounded):
        raise UnboundedError(
            "pow",
            f"an exponent that is a {type(y).__name__}",
            "required a number",
            "write exp(y * log(x))",
        )
    if y != int(y) or not 0 <= y <= 64:
        raise UnboundedError(
            "pow",
            f"an exponent of {y}",
            "required a whole number from 0 to 64",
            "write sqrt(x), 1 / x ** -y, or exp(y * log(x))",
        )
    base, n = real(x), int(y)
    if n < 2:
        return base if n else Bounded(np.ones_like(base.value), x.contract)
    # (abs(x) + e)^n - abs(x)^n is at most n e (abs(x) + e)^(n-1).
    reach = magnitude(base.value) + base.error
    propagated = None if base.is_exact else n * base.error * reach ** (n - 1)
    return with_rounding(
        base.value**n,
        propagated,
        (base,),
        roundings=n - 1,
        ulps=x.contract.ulps["pow"],
        underflows=True,
    )
