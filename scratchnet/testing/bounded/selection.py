"""Choosing between numbers: comparisons, where, maxima, masks. Nothing here rounds.

A comparison whose sides are closer than their errors can go either way: it carries an
error of 1, and what is chosen by it may be either choice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.testing.bounded.accepting import distance
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.elementwise import integers
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.bounded.operands import (
    are_integers,
    lifted,
    real,
    reals,
)
from scratchnet.testing.bounded.rounding import SLACK
from scratchnet.testing.formats import Reals


def compared(function: Callable[..., Reals], x: Any, y: Any, /) -> Bounded:
    """A comparison: undecided where x and y may be equal or change places."""
    if are_integers(x, y):
        return integers(function, x, y, logical=True)
    a, b = reals(x, y)
    value = function(a.value, b.value)
    tame = a.is_tame and b.is_tame
    if tame and a.is_exact and b.is_exact:
        return Bounded(value, a.contract)
    reach = a.error + b.error
    near = (reach > 0) & ~(np.abs(a.value - b.value) > reach)
    if not tame:
        # Two numbers that overflow are equal; so are an infinity and one of them.
        for sign in (1, -1):
            near = near | (_ends_at(a, b, sign) | _ends_at(b, a, sign))
    return Bounded(value, a.contract, (near & np.ones_like(value)).astype(np.float64))


def _ends_at(x: Bounded, y: Bounded, sign: int) -> Reals:
    """Where x may overflow to the infinity of this sign, and y be there as well."""
    largest = x.contract.format.largest
    over = x.may_overflow & (sign * x.value + x.error > largest)
    return over & (sign * y.value + y.error > largest)


def where(condition: Any, x: Any, y: Any, /) -> Bounded:
    """x where the condition holds, else y; both where it is undecided.

    Then the error is that of the choice, or the distance to the other and its error.
    """
    like = next(z for z in (x, y, condition) if isinstance(z, Bounded))
    mask = condition if isinstance(condition, Bounded) else lifted(condition, like)
    if are_integers(x, y):
        beside = next((z for z in (x, y) if isinstance(z, Bounded)), like)
        a, b = (lifted(z, beside, whole=True) for z in (x, y))
    elif isinstance(x, Bounded) or isinstance(y, Bounded):
        a, b = reals(x, y)
    else:
        a, b = real(lifted(x, like)), real(lifted(y, like))
    value = np.where(mask.value, a.value, b.value)
    error = np.where(mask.value, a.error, b.error)
    if not mask.is_exact:
        other = np.where(mask.value, b.value, a.value)
        apart = distance(other, value)
        either = np.where(mask.value, b.error, a.error)
        either = np.maximum(error, (apart + either) * SLACK)
        either = np.where(np.isnan(either), np.inf, either)
        error = np.where(mask.error > 0, either, error)
    return Bounded(value, like.contract, error)


def maximum(x: Any, y: Any, /) -> Bounded:
    """The larger of x and y; NaN where either is."""
    return _extreme(np.maximum, x, y)


def minimum(x: Any, y: Any, /) -> Bounded:
    """The smaller of x and y; NaN where either is."""
    return _extreme(np.minimum, x, y)


def _extreme(function: Callable[..., Reals], x: Any, y: Any) -> Bounded:
    """max and min move by no more than the larger move of both; where one side is out
    of reach, by no more than the other. NaN is certain where one side certainly is."""
    if are_integers(x, y):
        return integers(function, x, y)
    a, b = reals(x, y)
    value = function(a.value, b.value)
    if a.is_exact and b.is_exact:
        return Bounded(value, a.contract)
    decided = np.abs(a.value - b.value) > a.error + b.error
    chosen = np.where(value == a.value, a.error, b.error)
    either = np.maximum(a.error, b.error)
    if a.contract.flush_to_zero:
        # Compared as 0, one of them is returned as it is.
        either = either + distance(a.value, b.value)
    error = np.where(decided, chosen, either)
    if np.isnan(value).any():
        certain = _certain_nan(a) | _certain_nan(b)
        error = np.where(np.isnan(value), np.where(certain, 0.0, np.inf), error)
    return Bounded(value, a.contract, error)


def _certain_nan(x: Bounded) -> Reals:
    return np.isnan(x.value) & (x.error == 0)


def clip(x: Any, low: Any = None, high: Any = None, /) -> Bounded:
    """x kept within low and high, either of which may be None."""
    found = x.owned() if low is None else maximum(x, low)
    return found if high is None else minimum(found, high)


def logical(function: Callable[..., Reals], x: Any, y: Any, /) -> Bounded:
    """And, or, xor of masks: undecided where what is undecided matters."""
    if not are_integers(x, y):
        raise _not_of_numbers("a logical")
    return integers(function, x, y, logical=True)


def logical_not(x: Bounded, /) -> Bounded:
    """Whether it does not hold."""
    if x.value.dtype != bool:
        raise _not_of_numbers("a logical")
    return Bounded(np.logical_not(x.value), x.contract, x.error.copy())


def bitwise(function: Callable[..., Reals], x: Any, y: Any, /) -> Bounded:
    """And, or, xor, bit by bit: of masks the logical ones."""
    if not are_integers(x, y):
        raise _not_of_numbers("a bitwise")
    return integers(function, x, y, logical=True)


def bitwise_invert(x: Bounded, /) -> Bounded:
    """Every bit turned; a mask's one."""
    if x.value.dtype == bool:
        return logical_not(x)
    if x.is_real:
        raise _not_of_numbers("a bitwise")
    return Bounded(np.invert(x.value), x.contract)


def _not_of_numbers(kind: str) -> UnboundedError:
    return UnboundedError(
        "Bounded",
        f"{kind} operation on numbers",
        "required masks",
        "compare first: x != 0",
    )


def any_of(x: Bounded, /, *, axis: Any = None, keepdims: bool = False) -> Bounded:
    """Whether one holds: undecided where only undecided ones may."""
    return _quantified(np.any, x, axis, keepdims)


def all_of(x: Bounded, /, *, axis: Any = None, keepdims: bool = False) -> Bounded:
    """Whether all hold: undecided where only undecided ones may not."""
    return _quantified(np.all, x, axis, keepdims)


def _quantified(
    function: Callable[..., Reals], x: Bounded, axis: Any, keepdims: bool
) -> Bounded:
    if x.value.dtype != bool:
        x = compared(np.not_equal, x, 0)
    undecided = x.error > 0
    low = function(x.value & ~undecided, axis=axis, keepdims=keepdims)
    high = function(x.value | undecided, axis=axis, keepdims=keepdims)
    value = function(x.value, axis=axis, keepdims=keepdims)
    return Bounded(value, x.contract, np.asarray(low != high, np.float64))


def predicate(function: Callable[..., Reals], x: Bounded, /) -> Bounded:
    """isfinite and its like: undecided where nothing is known or x may overflow."""
    error = np.isinf(x.error)
    if x.is_real and not x.is_tame and function is not np.isnan:
        error = error | x.may_overflow
    return Bounded(function(x.value), x.contract, error.astype(np.float64))
