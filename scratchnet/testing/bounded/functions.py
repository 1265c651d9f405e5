"""Mathematical functions of one number, off by the ulps that the contract allows.

Each says how far f(x^) may be from f(x) for abs(x^ - x) <= e. Of a number that may have
overflowed, a function that levels off knows its value at infinity all the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy import abs as size

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.rounding import (
    beyond,
    magnitude,
    somewhere,
    with_rounding,
)
from scratchnet.testing.contract import DOUBLE
from scratchnet.testing.formats import Reals


def _function(
    name: str,
    x: Bounded,
    value: Reals,
    propagated: Reals | None,
    /,
    *,
    underflows: bool = True,
    unknown: Callable[[], Reals] | None = None,
) -> Bounded:
    """A library's function of x; what is propagated counts only if x has an error."""
    return with_rounding(
        value,
        None if x.is_exact else propagated,
        (x,),
        roundings=0.0,
        ulps=x.contract.ulps[name],
        underflows=underflows,
        unknown=unknown,
    )


def _known() -> Reals:
    """Nothing is unknown: the function levels off, and has a limit at infinity."""
    return np.asarray(False)


def exp(x: Bounded, /) -> Bounded:
    """exp(x): abs(exp(x^) - exp(x)) <= exp(x) (exp(e) - 1).

    What is far beyond the format, and may be beyond the oracle, stays just as far:
    it is infinite for the subject. exp(-inf) is 0.
    """
    value = _near(np.exp(x.value), x)
    result = _function(
        "exp", x, value, _rise(x, value), unknown=lambda: x.may_overflow & (x.value > 0)
    )
    if x.is_tame:
        return result
    return _certain(result, (x.value == -np.inf) & (x.error == 0))


def expm1(x: Bounded, /) -> Bounded:
    """exp(x) - 1: propagates as exp does."""
    value = _near(np.expm1(x.value), x)
    rise = None if x.is_exact else _rise(x, _near(np.exp(x.value), x))
    return _function(
        "expm1", x, value, rise, unknown=lambda: x.may_overflow & (x.value > 0)
    )


def _near(value: Reals, x: Bounded) -> Reals:
    """A positive value, moved down to where its bound is no infinite float64."""
    limit = beyond(x.contract)
    far = somewhere(value > limit)
    return value if far is None else np.where(far & np.isfinite(x.value), limit, value)


def _rise(x: Bounded, power: Reals) -> Reals | None:
    """exp(x + e) - exp(x), also where exp(x) is 0 in the oracle's arithmetic."""
    if x.is_exact:
        return None
    rise = magnitude(power) * np.expm1(x.error)
    if np.count_nonzero(power) == power.size:
        return rise
    return np.where(power > 0, rise, magnitude(np.exp(x.value + x.error)))


def log(x: Bounded, /) -> Bounded:
    """log(x): abs(log(x^) - log(x)) <= -log(1 - e/x) for e < x.

    log(0) is -inf, log of a negative number NaN; nothing is known where e >= abs(x).
    """
    moved = None if x.is_exact else _fall(x.error, size(x.value))
    result = _function("log", x, np.log(x.value), moved, underflows=False)
    if result.is_tame:
        return result
    return _certain(result, (x.value == 0) & (x.error == 0))


def log1p(x: Bounded, /) -> Bounded:
    """log(1 + x): as log, of a distance 1 + x from the pole."""
    moved = None if x.is_exact else _fall(x.error, size(1 + x.value))
    result = _function("log1p", x, np.log1p(x.value), moved)
    if result.is_tame:
        return result
    return _certain(result, (x.value == -1) & (x.error == 0))


def _fall(error: Reals, distance: Reals) -> Reals:
    """-log(1 - e/d) for a distance d from the pole; infinite where the pole is near."""
    relative = np.asarray(error / magnitude(distance))
    if relative.size and np.maximum.reduce(relative, axis=None) < 1:
        return -np.log1p(-relative)
    relative = np.where(error == 0, 0.0, relative)
    return np.where(relative < 1, -np.log1p(-np.minimum(relative, 1)), np.inf)


def _certain(x: Bounded, where: Reals) -> Bounded:
    """x without any error in some places."""
    if not np.count_nonzero(where):
        return x
    return Bounded(x.value, x.contract, np.where(where, 0.0, x.error))


def sqrt(x: Bounded, /, *, nonnegative: bool = False) -> Bounded:
    """sqrt(x): abs(sqrt(x^) - sqrt(x)) <= e / (sqrt(x) + sqrt(x - e)) for e <= x.

    Where x^ may be negative its root may be NaN, and nothing is claimed, unless it is
    known to be nonnegative, as a variance is: then the root is between 0 and
    sqrt(x + e).
    """
    value = np.sqrt(x.value)
    moved = None if x.is_exact else _root_moved(x, value, nonnegative)
    return _function("sqrt", x, value, moved, underflows=False)


def _root_moved(x: Bounded, value: Reals, nonnegative: bool) -> Reals:
    e = x.error
    both = magnitude(value + np.sqrt(np.maximum(x.value - e, 0)))
    moved = np.where(e == 0, 0.0, e / np.where(both > 0, both, 1))
    crosses = (e > 0) & ~(e <= x.value)
    widest = np.inf
    if nonnegative:
        highest = magnitude(np.sqrt(x.value + e))
        widest = np.maximum(magnitude(value), highest - magnitude(value))
    return np.where(crosses, widest, moved)


def root_reciprocal(x: Bounded, /) -> Bounded:
    """x ** -0.5: off by the ulps of pow(), which are more than a root and a quotient.

    Its slope between x - e and x + e is at most (x - e)^-1.5 / 2; nothing is known
    where e >= x.
    """
    value = 1 / np.sqrt(x.value)
    low = x.value - x.error
    steepest = np.asarray(0.5 / (low * np.sqrt(low)), np.float64)
    steepest = np.where(x.value > x.error, steepest, np.inf)
    moved = np.where(x.error == 0, 0.0, x.error * steepest)
    return _function("pow", x, value, moved)


def tanh(x: Bounded, /) -> Bounded:
    """tanh(x): no slope exceeds 1, and no two values are 2 apart."""
    return _function(
        "tanh", x, np.tanh(x.value), np.minimum(x.error, 2.0), unknown=_known
    )


def sin(x: Bounded, /) -> Bounded:
    """sin(x): no slope exceeds 1, and no two values are more than 2 apart."""
    return _function("sin", x, np.sin(x.value), np.minimum(x.error, 2.0))


def cos(x: Bounded, /) -> Bounded:
    """cos(x), as sin."""
    return _function("cos", x, np.cos(x.value), np.minimum(x.error, 2.0))


def sigmoid(x: Bounded, /) -> Bounded:
    """1 / (1 + exp(-x)) = s: its slope s (1 - s) changes by a factor of at most exp(e).

    exp(-x) may overflow before s does: then s is 0, off by a smallest normal number.
    """
    powers = np.exp(-size(x.value))
    value = np.where(x.value >= 0, 1, powers) / (1 + powers)
    moved = None
    if not x.is_exact:
        slope = np.minimum(magnitude(value) * np.exp(np.minimum(x.error, 700)), 0.25)
        moved = np.minimum(np.where(x.error == 0, 0.0, slope * x.error), 1.0)
    result = _function("sigmoid", x, value, moved, unknown=_known)
    tiny = x.contract.format.smallest_normal
    lost = value - np.minimum(result.error, 1) < 4 * tiny
    if not lost.any():
        return result
    return Bounded(value, x.contract, result.error + np.where(lost, tiny, 0.0))


def erf(x: Bounded, /) -> Bounded:
    """The error function: its slope is at most 2/sqrt(pi), and no two values are more
    than 2 apart. The oracle's own is that of the C library, in double."""
    # Rounding a long double x to double moves it by 2^-53 x; where that could matter
    # erf is flat: x exp(-x^2) is at most 0.43.
    return _of_error(math.erf, x, 4.0)


def erfc(x: Bounded, /) -> Bounded:
    """1 - erf(x), to as many ulps of it: propagates as erf does."""
    # Rounding x to double moves the value by 2^-53 x of its slope, of which erfc is at
    # least 1 / (2 (x + 1)) where x > 0 (Abramowitz, Stegun 7.1.13).
    return _of_error(math.erfc, x, 4 + 4 * np.maximum(magnitude(x.value), 1.0) ** 2)


def _of_error(
    function: Callable[[float], float], x: Bounded, own: float | Reals
) -> Bounded:
    """erf or erfc in double, of which the oracle's own part is so many roundings."""
    value = np.vectorize(function, otypes=[np.float64])(x.value.astype(np.float64))
    known = own * DOUBLE.unit_roundoff * size(value) + x.contract.absolute("erf")
    moved = np.minimum(2 / math.sqrt(math.pi) * x.error, 2.0) + known
    return with_rounding(
        value.astype(x.contract.oracle.dtype),
        np.where(np.isnan(value), 0.0, moved),
        (x,),
        roundings=0.0,
        ulps=x.contract.ulps["erf"],
        underflows=True,
        unknown=_known,
    )


def sign(x: Bounded, /) -> Bounded:
    """-1, 0 or 1: undecided where x may be 0 or of either sign.

    Of NaN the standard says NaN, and PyTorch 0: nothing is claimed.
    """
    if not x.is_real:
        error = np.where(x.error > 0, np.inf, 0.0)
        return Bounded(np.sign(x.value), x.contract, error)
    turns = (x.error > 0) & (size(x.value) <= x.error)
    unknown = np.isnan(x.value) | ~(x.error < np.inf)
    error = np.where(unknown, np.inf, np.where(turns, 2.0, 0.0))
    return Bounded(np.sign(x.value), x.contract, error)
