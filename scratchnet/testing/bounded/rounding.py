"""How one operation adds its own error to what it was given.

Model (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapter 2):
computed = exact * (1 + d) + h, with abs(d) <= u, and abs(h) <= eta/2 where the result
is below the normal numbers. A function that is off by k ulps has abs(d) <= 2 k u, and
abs(h) <= k eta.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FLOAT64, Reals

#: Covers the roundings of float64 in the arithmetic of the bound itself: fewer than 200
#: operations of relative error 2^-53 each.
SLACK = 1 + 2.0**-44


def magnitude(value: Reals, /) -> Reals:
    """abs(value) in float64, in which bounds are computed: beyond it infinite."""
    size: Reals = np.abs(value)
    # By its letter: comparing a dtype with a type costs as much as a sum.
    return size if size.dtype.char == "d" else size.astype(np.float64)


def with_rounding(
    value: Reals,
    propagated: Reals | None,
    operands: tuple[Bounded, ...],
    /,
    *,
    roundings: float = 1.0,
    ulps: float = 0.0,
    underflows: bool = False,
    exact: Reals | None = None,
    unknown: Callable[[], Reals] | None = None,
) -> Bounded:
    """The result of an elementwise operation that gave value, in oracle arithmetic.

    propagated: how far the exact result may be off because the inputs are; None: they
    are exact. What is added: the subject's roundings, the oracle's own, underflow.
    exact: where the operation does not round.
    unknown: where nothing is known of the result although all errors are finite;
    unless given, where an operand may have overflowed.
    """
    contract = operands[0].contract
    units = roundings + 2 * ulps
    relative = units * contract.unit_roundoff
    own = max(units, 1.0) * contract.oracle.unit_roundoff
    # Underflow also stands for what is below the range of a bound held in float64.
    low = underflows or contract.format is FLOAT64
    absolute = contract.underflow * max(1.0, 2 * ulps) if low else 0.0

    def error_of(size: Reals) -> Reals:
        # In place: whole arrays of temporaries cost more than the arithmetic.
        error = size * ((relative + own) * SLACK)
        if absolute:
            error += absolute
        if propagated is not None:
            error += propagated * ((1 + relative) * SLACK)
        if exact is None:
            return error
        return np.where(exact, 0.0 if propagated is None else propagated * SLACK, error)

    size = magnitude(value)
    result = Bounded(value, contract, error_of(size))
    if operands[0].is_tame and operands[-1].is_tame:
        size += result.error
        result.measure(size)
        if result.is_tame:
            return result
    return _wild(value, error_of(np.abs(value)), operands, unknown)


def _wild(
    value: Reals,
    error: Reals,
    operands: tuple[Bounded, ...],
    unknown: Callable[[], Reals] | None,
) -> Bounded:
    """The result where something may not be finite."""
    special: Reals = np.asarray(False)
    exact: Reals = np.asarray(True)
    lost: Reals = np.asarray(False)
    for x in operands:
        special = special | ~np.isfinite(x.value)
        exact = exact & (x.error == 0)
        lost = lost | ~(x.error < np.inf)
        if unknown is None:
            lost = lost | x.may_overflow
    if unknown is not None:
        lost = lost | unknown()
    contract = operands[0].contract
    value, error = _drawn_in(value, error, beyond(contract))
    return Bounded(value, contract, settled(value, error, special, exact, lost))


@cache
def beyond(contract: Contract, /) -> Any:
    """A number far too large for the subject, whose error float64 holds."""
    dtype = contract.oracle.dtype
    return np.minimum(16 * dtype(FLOAT64.largest), np.finfo(dtype).max)


def _drawn_in(value: Reals, error: Reals, limit: Any) -> tuple[Reals, Reals]:
    """Values no further out than the limit, in proportion, so that float64 holds the
    error: what was surely beyond the format still is."""
    size = np.abs(value)
    far = (size > limit) & np.isfinite(value)
    if not far.any():
        return value, error
    share = error / size * (limit * SLACK)
    value = np.where(far, np.copysign(limit, value), value)
    return value, np.where(far, share, error)


def settled(
    value: Reals, error: Reals, special: Reals, exact: Reals, lost: Reals, /
) -> Reals:
    """The error, once infinities, NaN and overflow are accounted for.

    A result that is not finite because an input was not (special) is certain: its error
    is 0. So is NaN from inputs without error. Nothing is said (an infinite error) about
    what is made of a number that may have overflowed (lost): with FMA or a wide
    intermediate it need not have. A result that itself overflows keeps its finite
    value: `within` knows.
    """
    odd = ~np.isfinite(value)
    certain = odd & (special | (np.isnan(value) & exact))
    error = np.where(certain, 0.0, np.where(np.isnan(error) | odd, np.inf, error))
    return np.asarray(np.where(lost, np.inf, error), np.float64)


def one_rounding(x: Bounded, /, *, unknown: Callable[[], Reals]) -> Bounded:
    """x after one rounding to its format, as on a conversion from another, in which it
    is unknown where it may have overflowed."""
    exact = x.contract.format.holds(x.value) if x.is_exact else None
    propagated = None if x.is_exact else x.error
    return with_rounding(
        x.value, propagated, (x,), underflows=True, exact=exact, unknown=unknown
    )


def somewhere(where: Reals | None, /) -> Reals | None:
    """The places, if there are any."""
    return where if where is not None and np.count_nonzero(where) else None


def torn(x: Bounded, /) -> Reals:
    """Where x may be an infinity of either sign."""
    return x.may_overflow & ~(x.error < np.abs(x.value))


def both_infinite(a: Bounded, b: Bounded, /) -> Reals:
    """Where both may be infinite, at least one of them because it overflowed."""
    over_a, over_b = a.may_overflow, b.may_overflow
    return (over_a & (over_b | np.isinf(b.value))) | (over_b & np.isinf(a.value))
