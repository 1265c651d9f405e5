"""Sums, means, variances and extremes, in any order that an implementation may choose.

Sum of n numbers, any order, any tree, with or without FMA (Jeannerod, Rump, SIAM J.
Matrix Anal. Appl. 34 (2013), 338-344): the error is at most (n - 1) u sum(abs(x)), for
every n. It is attained: 1 + u + u + ... from the left loses every u.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.elementwise import divide, multiply, real
from scratchnet.testing.bounded.exact import fine_unit, multiples
from scratchnet.testing.bounded.functions import sqrt
from scratchnet.testing.bounded.rounding import (
    SLACK,
    magnitude,
    settled,
    with_rounding,
)
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import Reals

Axes = int | tuple[int, ...] | None


def normalized(axis: Axes, rank: int) -> tuple[int, ...]:
    """The axes as non-negative integers; all of them for None."""
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    if any(not -rank <= i < rank for i in axes):
        raise ArgumentError("Bounded", f"axis={axis}", f"required within rank {rank}")
    return tuple(sorted({i % rank for i in axes}))


def count(x: Bounded, axis: Axes, /) -> int:
    """How many elements go into each result."""
    return math.prod(x.shape[i] for i in normalized(axis, x.ndim))


def gamma(n: float, u: float, /) -> float:
    """n u / (1 - n u): n roundings one after the other. Higham, lemma 3.1."""
    return n * u / (1 - n * u) if n * u < 1 else math.inf


def additions(
    contract: Contract, n: int, /, *, per_term: int = 0
) -> tuple[float, float]:
    """Relative error of n terms' additions, each term rounded per_term times before,
    and that of the last rounding, where the accumulator is wider than the format."""
    wide = contract.accumulator is not None
    u = contract.accumulator.unit_roundoff if wide else contract.unit_roundoff  # type: ignore[union-attr]
    steps = max(n - 1, 0)
    # (1 + u)^k (1 + steps u) - 1: the naive form is 0 in double for u = 2^-53.
    relative = math.expm1(per_term * math.log1p(u) + math.log1p(steps * u))
    return relative, contract.unit_roundoff if wide else 0.0


def sum_of(x: Bounded, /, *, axis: Axes = None, keepdims: bool = False) -> Bounded:
    """The sum over axes, in any order. Exact on the grid."""
    if not x.is_real:
        return _count_true(x, axis, keepdims)
    contract, axes = x.contract, normalized(axis, x.ndim)
    n = count(x, axes)
    value = x.value.sum(axis=axes, keepdims=True)
    propagated = None if x.is_exact else x.error.sum(axis=axes, keepdims=True)
    reach = magnitude(x.value).sum(axis=axes, keepdims=True)
    reach = reach if propagated is None else reach + propagated
    error = summed_error(value, propagated, reach, n, contract) * (SLACK + n * 2.0**-52)
    if contract.flush_to_zero:
        error = error + n * contract.underflow
    if x.is_exact and (exact := _on_grid(x, axes, reach)).any():
        error = np.where(exact, 0.0, error)
    if not (x.is_tame and (reach <= contract.format.largest).all()):
        error = settled(value, error, *_unsettled(x, axes, reach))
    if not keepdims:
        value, error = value.squeeze(axes), error.squeeze(axes)
    return Bounded(value, contract, error)


def _on_grid(x: Bounded, axes: tuple[int, ...], reach: Reals) -> Reals:
    """Where all terms are multiples of a unit that their sum can be written in."""
    unit = fine_unit(reach, x.contract)
    if x.value.size > 4096:  # mostly the first terms tell that they are not
        few = tuple(slice(0, 4 if i in axes else None) for i in range(x.ndim))
        if not multiples(x.value[few], unit).all(axis=axes).any():
            return np.zeros_like(reach, bool)
    return multiples(x.value, unit).all(axis=axes, keepdims=True)


def summed_error(
    value: Reals,
    propagated: Reals | None,
    reach: Reals,
    n: int,
    contract: Contract,
    /,
    *,
    per_term: int = 0,
) -> Reals:
    """What the inputs bring, what adding n terms up costs, and the oracle's own part.

    reach: the sum of the magnitudes, as large as the subject's may be.
    """
    relative, last = additions(contract, n, per_term=per_term)
    rounding = (relative + gamma(n, contract.oracle.unit_roundoff)) * reach
    error = rounding if propagated is None else propagated + rounding
    return error + last * (magnitude(value) + error) if last else error


def _unsettled(
    x: Bounded, axes: tuple[int, ...], reach: Reals
) -> tuple[Reals, Reals, Reals]:
    """What `settled` asks of a reduction: where anything in it is not finite, where all
    is exact, and where an overflow of terms or partial sums decides."""
    over: dict[str, Any] = {"axis": axes, "keepdims": True}
    finite = np.isfinite(x.value)
    lost = (x.may_overflow | ~np.isfinite(x.error)).any(**over)
    if not finite.all():
        size_of = np.where(finite, magnitude(x.value) + x.error, 0.0)
        reach = np.where(finite.all(**over), reach, size_of.sum(**over))
    return (
        ~finite.all(**over),
        (x.error == 0).all(**over),
        lost | ~(_partial(reach, x.contract) <= x.contract.format.largest),
    )


def _partial(reach: Reals, contract: Contract) -> Reals:
    """The largest partial sum; one in a wide accumulator overflows there, not here."""
    wide = contract.accumulator
    if wide is None:
        return reach
    return np.where(reach <= wide.largest, 0.0, reach)


def _count_true(x: Bounded, axis: Axes, keepdims: bool) -> Bounded:
    over: dict[str, Any] = {"axis": normalized(axis, x.ndim), "keepdims": keepdims}
    total = x.value.sum(**over, dtype=np.int64)
    return Bounded(np.asarray(total), x.contract, x.error.sum(**over))


def mean(x: Bounded, /, *, axis: Axes = None, keepdims: bool = False) -> Bounded:
    """The sum divided by n, or multiplied by the rounded 1/n: two roundings."""
    n, total = count(x, axis), sum_of(real(x), axis=axis, keepdims=keepdims)
    if n == 0:
        return Bounded(np.full_like(total.value, np.nan), x.contract)
    if n & (n - 1) == 0:  # a power of two: multiplying by 1/n is exact
        return multiply(
            total, Bounded(np.asarray(1.0 / n, total.value.dtype), x.contract)
        )
    return _parted(total, n)


def _parted(total: Bounded, n: float, roundings: float = 2.0) -> Bounded:
    """total / n, or total * (1 / n)."""
    return with_rounding(
        total.value / n,
        None if total.is_exact else total.error / n,
        (total,),
        roundings=roundings,
        underflows=True,
    )


def variance(
    x: Bounded,
    /,
    *,
    axis: Axes = None,
    correction: float = 0.0,
    keepdims: bool = False,
    updating: bool = False,
) -> Bounded:
    """The variance, by two passes; with `updating` by Welford's formula or any tree of
    merged parts too.

    Two passes (Chan, Golub, LeVeque, Am. Stat. 37 (1983), 242-247): a mean that is off
    by m adds n m^2 to the sum of squares S, and no more, because deviations add up to
    0; plain propagation cannot see that. Each term is rounded three times, then added.
    Updating: every partial mean is off by at most
    M = u ((n + 1) / 2 max(abs(x)) + 3 D), D the range of the deviations, which adds
    2 M sqrt(n max(2, log2 n) S), and each term is rounded six times. Derived here; the
    largest ratio seen is 0.45.
    """
    x, axes = real(x), normalized(axis, x.ndim)
    n = count(x, axes)
    if n == 0:
        value = np.full_like(x.value.sum(axis=axes, keepdims=keepdims), np.nan)
        return Bounded(value, x.contract)
    total = _squares(x, axes, n, updating=updating)
    if not keepdims:
        total = Bounded(
            total.value.squeeze(axes), x.contract, total.error.squeeze(axes)
        )
    left = n - correction
    if left <= 0:
        return divide(total, Bounded(np.zeros_like(total.value), x.contract))
    return _parted(total, left, 2.0 + (x.contract.accumulator is not None))


def _squares(
    x: Bounded, axes: tuple[int, ...], n: int, /, *, updating: bool
) -> Bounded:
    """The sum of the squares of the deviations from the mean, axes kept."""
    contract, over = x.contract, {"axis": axes, "keepdims": True}
    deviations, off = _centered(x, axes, n)
    squares = (deviations * deviations).sum(**over)
    size_of, largest = magnitude(deviations), (magnitude(x.value) + x.error).max(**over)
    # The deviations of the errors from their mean have squares below the errors'.
    propagated = (2 * size_of * x.error + x.error**2).sum(**over)
    base = n * off**2
    if updating:
        farthest = 2 * (size_of + x.error).max(**over)
        u = gamma(n + 3, contract.format.unit_roundoff) / (n + 3)
        off = np.maximum(off, u * ((n + 1) / 2 * largest + 3 * farthest))
        depth = n * max(2.0, math.log2(max(n, 2)))
        spread = 2 * off * np.sqrt(depth * (magnitude(squares) + propagated))
        base = n * off**2 + spread
    error = propagated + base
    reach = magnitude(squares) + error
    # The oracle rounds each term three times as well.
    own = 4 * contract.oracle.unit_roundoff * reach
    error = own + summed_error(
        squares, error, reach, n, contract, per_term=6 if updating else 3
    )
    if contract.accumulator is not None:
        # What goes into the wide accumulator was rounded to the format before.
        error = error + math.expm1(3 * math.log1p(contract.unit_roundoff)) * (
            reach + error
        )
    error = error * (SLACK + n * 2.0**-52) + n * contract.underflow
    widest = (size_of + x.error).max(**over) + off
    partial = np.maximum(n * largest, 2 * n * widest**2)
    if not (x.is_tame and (partial <= contract.format.largest).all()):
        special, exact, lost = _unsettled(x, axes, reach)
        partial = _partial(np.where(special, 0.0, partial), contract)
        lost = lost | ~(partial <= contract.format.largest)
        error = settled(squares, error, special, exact, lost)
    return Bounded(squares, contract, error)


def _centered(x: Bounded, axes: tuple[int, ...], n: int) -> tuple[Reals, Reals]:
    """The deviations from the oracle's mean, and how far the subject's mean is from
    that of its own numbers, or the oracle's from that of its own."""
    center = mean(x, axis=axes, keepdims=True)
    if x.is_exact:
        return x.value - center.value, center.error
    # The mean of the errors moves the mean, but not the mean off itself.
    moved = x.error.sum(axis=axes, keepdims=True) / n
    return x.value - center.value, center.error - moved + 2.0**-48 * center.error


def deviation(x: Bounded, /, **options: Any) -> Bounded:
    """The standard deviation: the root of the variance, which is not negative."""
    return sqrt(variance(x, **options), nonnegative=True)


def maximum_over(
    x: Bounded, /, *, axis: Axes = None, keepdims: bool = False
) -> Bounded:
    """The largest element: its error is the largest among those that may be it."""
    return _extreme(x, axis, keepdims, np.max, 1.0)


def minimum_over(
    x: Bounded, /, *, axis: Axes = None, keepdims: bool = False
) -> Bounded:
    """The smallest element, likewise."""
    return _extreme(x, axis, keepdims, np.min, -1.0)


def _extreme(
    x: Bounded, axis: Axes, keepdims: bool, function: Any, way: float
) -> Bounded:
    axes = normalized(axis, x.ndim)
    value = function(x.value, axis=axes, keepdims=True)
    error = np.zeros(value.shape) if x.is_exact else _reached(x, value, axes, way)
    if not keepdims:
        value, error = value.squeeze(axes), error.squeeze(axes)
    return Bounded(value, x.contract, error)


def _reached(x: Bounded, value: Reals, axes: tuple[int, ...], way: float) -> Reals:
    """The largest error among the elements that may be the extreme one."""
    widest = x.error.max(axis=axes, keepdims=True)
    out_of_reach = way * (value - x.value) > x.error + widest
    return np.where(out_of_reach, 0.0, x.error).max(axis=axes, keepdims=True)


def argmax(
    x: Bounded, /, *, axis: int | None = None, keepdims: bool = False
) -> Bounded:
    """Where the largest element is; undecided where another may be as large, ties too:
    which of several is found is nobody's promise."""
    return _place(real(x), axis, keepdims)


def argmin(
    x: Bounded, /, *, axis: int | None = None, keepdims: bool = False
) -> Bounded:
    """Where the smallest element is, likewise."""
    x = real(x)
    return _place(Bounded(-x.value, x.contract, x.error), axis, keepdims)


def _place(x: Bounded, axis: int | None, keepdims: bool) -> Bounded:
    value, error = x.value, x.error
    if axis is None:
        value, error = value.reshape(-1), error.reshape(-1)
    along = 0 if axis is None else axis
    place = np.argmax(value, axis=along, keepdims=True)
    undecided = _rivalled(value, error, place, along, x.contract.format.largest)
    flag = np.where(undecided, np.inf, 0.0)
    if axis is None:
        shape = (1,) * x.ndim if keepdims else ()
        place, flag = place.reshape(shape), flag.reshape(shape)
    elif not keepdims:
        place, flag = place.squeeze(axis), flag.squeeze(axis)
    return Bounded(place, x.contract, flag)


def _rivalled(
    value: Reals, error: Reals, place: Reals, axis: int, largest: float
) -> Reals:
    """Where more than one element may be the largest: what overflows all ties."""
    best = np.take_along_axis(value, place, axis)
    margin = np.take_along_axis(error, place, axis)
    apart = best - value > margin + error
    rivals = ~apart | ((value + error > largest) & (best + margin > largest))
    return rivals.sum(axis=axis, keepdims=True) > 1
