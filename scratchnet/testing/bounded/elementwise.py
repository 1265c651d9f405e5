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

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.exact import (
    exact_product,
    exact_sum,
    held,
    is_power_of_two,
)
from scratchnet.testing.bounded.functions import root_reciprocal, sqrt
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.bounded.operands import are_integers, lifted, real, reals
from scratchnet.testing.bounded.rounding import (
    both_infinite,
    magnitude,
    somewhere,
    torn,
    with_rounding,
)
from scratchnet.testing.formats import Reals


def integers(
    function: Callable[..., Reals], x: Any, y: Any, /, *, logical: bool = False
) -> Bounded:
    """A function of labels or masks, which are exact; ambiguity is passed on."""
    like = x if isinstance(x, Bounded) else y
    a, b = (lifted(z, like, whole=True) for z in (x, y))
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
        propagated, exact = None, somewhere(held(value, a.contract))
        if exact is not None:
            exact = exact & exact_sum(a.value, b.value, value)
    else:
        propagated, exact = a.error + b.error, _with_nothing(a, b)
    # An infinity remains one beside a number, but where both may be infinite they may
    # be of opposite sign.
    result = with_rounding(
        value,
        propagated,
        (a, b),
        underflows=a.contract.flush_to_zero,
        exact=somewhere(exact),
        unknown=lambda: torn(a) | torn(b) | both_infinite(a, b),
    )
    if a.is_tame and b.is_tame:
        return result
    return _overflown_too(result, a.may_overflow | b.may_overflow)


def _with_nothing(a: Bounded, b: Bounded) -> Reals | None:
    """Where one of them certainly is 0."""
    sure = [(x.value == 0) & (x.error == 0) for x in (a, b) if x.has_exact]
    return sure[0] | sure[-1] if sure else None


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
        propagated, exact = None, somewhere(held(value, a.contract))
        if exact is not None:
            exact = exact & exact_product(a.value, b.value, a.contract)
    else:
        propagated = _product_moved(a, b)
        exact = _either(_scaled(a, b, value), _nothing_times(a, b, value))
    result = with_rounding(
        value, propagated, (a, b), underflows=True, exact=somewhere(exact)
    )
    return result if a.is_tame and b.is_tame else _undecided(result, a, b)


def _either(x: Reals | None, y: Reals | None) -> Reals | None:
    return y if x is None else x if y is None else x | y


def _nothing_times(a: Bounded, b: Bounded, value: Reals) -> Reals | None:
    """Where one factor certainly is 0 and the product is no NaN."""
    nothing = somewhere(_with_nothing(a, b))
    return None if nothing is None else nothing & (value == 0)


def _product_moved(a: Bounded, b: Bounded) -> Reals:
    """abs(x) ey + abs(y) ex + ex ey."""
    if a.is_exact:
        return magnitude(a.value) * b.error
    if b.is_exact:
        return magnitude(b.value) * a.error
    return magnitude(a.value) * b.error + (magnitude(b.value) + b.error) * a.error


def _scaled(a: Bounded, b: Bounded, value: Reals) -> Reals | None:
    """Where one factor is a power of two, or 0, and the result cannot underflow."""
    # Not both are exact.
    factor, other = (a, b) if a.is_exact else (b, a)
    if not factor.is_exact:
        return None
    power = somewhere(is_power_of_two(factor.value))
    if power is None:
        return None
    reach = size(other.value) - other.error
    normal = size(factor.value) * reach > 4 * a.contract.format.smallest_normal
    return power & (normal | (factor.value == 0)) & np.isfinite(value)


def _undecided(result: Bounded, a: Bounded, b: Bounded) -> Bounded:
    """Nothing is known where infinity meets what may be 0 or of either sign."""
    odd = (np.isinf(a.value) & (b.error > 0) & (size(b.value) <= b.error)) | (
        np.isinf(b.value) & (a.error > 0) & (size(a.value) <= a.error)
    )
    return Bounded(result.value, result.contract, np.where(odd, np.inf, result.error))


def negative(x: Bounded, /) -> Bounded:
    """-x, which is exact."""
    return x.owned(-x.value)


def absolute(x: Bounded, /) -> Bounded:
    """abs(x): exact, and no slope exceeds 1."""
    return x.owned(size(x.value))


def square(x: Bounded, /) -> Bounded:
    """x * x."""
    return multiply(x, x)


def to_power(x: Any, y: Any, /) -> Bounded:
    """x ** y: by the operator a square is a product, and a power of 0.5 a root."""
    if isinstance(x, Bounded) and isinstance(y, int | float):
        if y == 2:
            return square(x)
        if y in (0.5, -0.5):
            return sqrt(real(x)) if y > 0 else root_reciprocal(real(x))
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
    if y not in range(65):
        raise UnboundedError(
            "pow",
            f"an exponent of {y}",
            "required a whole number from 0 to 64",
            "write sqrt(x), 1 / x ** -y, or exp(y * log(x))",
        )
    if are_integers(x, y):
        return integers(np.power, x, y)
    base, n = real(x), int(y)
    if n < 2:
        return base.owned() if n else Bounded(np.ones_like(base.value), x.contract)
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
        # 0 is no larger for being multiplied, if it is exactly 0.
        exact=(base.value == 0) & (base.error == 0) if base.has_exact else None,
    )
