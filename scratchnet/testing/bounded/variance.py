"""The variance, by two passes and by updating formulas, and its root."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.functions import sqrt
from scratchnet.testing.bounded.operands import real
from scratchnet.testing.bounded.quotients import divide
from scratchnet.testing.bounded.reductions import (
    Axes,
    count,
    gamma,
    mean,
    normalized,
    parted,
    partial_sum,
    summed_error,
    unsettled,
)
from scratchnet.testing.bounded.rounding import SLACK, magnitude, settled
from scratchnet.testing.bounded.shared import quiet
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import Reals


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
    if n == 1 and left <= 0:
        # 0 / 0, whatever the one number is.
        return Bounded(np.full_like(total.value, np.nan), x.contract)
    if left <= 0:
        return divide(total, Bounded(np.zeros_like(total.value), x.contract))
    return parted(total, left, 2.0 + (x.contract.accumulator is not None))


def _squares(
    x: Bounded, axes: tuple[int, ...], n: int, /, *, updating: bool
) -> Bounded:
    """The sum of the squares of the deviations from the mean, axes kept."""
    contract, over = x.contract, {"axis": axes, "keepdims": True}
    deviations, off = _centered(x, axes, n)
    squares = (deviations * deviations).sum(**over)
    size = magnitude(deviations)
    largest, widest = (
        (each + x.error).max(**over) for each in (magnitude(x.value), size)
    )
    # The deviations of the errors from their mean have squares below the errors'.
    propagated = (2 * size * x.error + x.error**2).sum(**over)
    spread: Reals = 0.0
    if updating:
        off = np.maximum(off, _off_while_updating(largest, widest, n, contract))
        depth = n * max(2.0, math.log2(max(n, 2)))
        spread = 2 * off * np.sqrt(depth * (magnitude(squares) + propagated))
    error = propagated + n * off**2 + spread
    error = _rounded(squares, error, n, contract, per_term=6 if updating else 3)
    partial = np.maximum(n * largest, 2 * n * (widest + off) ** 2)
    if not (x.is_tame and (partial <= contract.format.largest).all()):
        special, exact, lost = unsettled(x, axes, magnitude(squares) + error)
        partial = partial_sum(np.where(special, 0.0, partial), contract)
        lost = lost | ~(partial <= contract.format.largest)
        error = settled(squares, error, special, exact, lost)
    return Bounded(squares, contract, error)


def _off_while_updating(
    largest: Reals, widest: Reals, n: int, contract: Contract
) -> Reals:
    """M, how far any partial mean may be off: see `variance`."""
    u = gamma(n + 3, contract.format.unit_roundoff) / (n + 3)
    return u * ((n + 1) / 2 * largest + 6 * widest)


def _rounded(
    squares: Reals, error: Reals, n: int, contract: Contract, *, per_term: int
) -> Reals:
    """The error with what rounding each term and adding them up costs."""
    reach = magnitude(squares) + error
    # The oracle rounds each term three times as well.
    own = 4 * contract.oracle.unit_roundoff * reach
    error = own + summed_error(squares, error, reach, n, contract, per_term=per_term)
    if contract.accumulator is not None:
        # What goes into the wide accumulator was rounded to the format before.
        terms = math.expm1(3 * math.log1p(contract.unit_roundoff))
        error = error + terms * (reach + error)
    return error * (SLACK + n * 2.0**-52) + n * contract.underflow


def _centered(x: Bounded, axes: tuple[int, ...], n: int) -> tuple[Reals, Reals]:
    """The deviations from the oracle's mean, and how far the subject's mean is from
    that of its own numbers, or the oracle's from that of its own."""
    center = mean(x, axis=axes, keepdims=True)
    if x.is_exact:
        return x.value - center.value, center.error
    # The mean of the errors moves the mean, but not the mean off itself.
    moved = x.error.sum(axis=axes, keepdims=True) / n
    return x.value - center.value, center.error - moved + 2.0**-48 * center.error


@quiet
def mean_in_any_way(x: Bounded, /, *, axis: Axes = None) -> Bounded:
    """The mean, axes kept: of the sum, or updated as Welford's formula has it, m + d c
    with d how far the next number is from m and c its share; or of merged parts.

    Of n steps each but the first rounds d at most three times and the mean once, and
    what was off before counts 1 - c times: as c = 1/k, all of it is at most
    u (3 (n - 1) / n D + ((n + 1) / 2 - 1 / n) max(abs(x))), D the range of x. Parts
    that are merged have fewer steps. Each product with c may underflow.
    """
    total = mean(x, axis=axis, keepdims=True)
    axes = normalized(axis, x.ndim)
    n = count(x, axes)
    if n < 2:
        return total
    over: dict[str, Any] = {"axis": axes, "keepdims": True}
    largest = (magnitude(x.value) + x.error).max(**over)
    span = (x.value + x.error).max(**over) - (x.value - x.error).min(**over)
    steps = 3 * (n - 1) / n * magnitude(span) + ((n + 1) / 2 - 1 / n) * largest
    error = gamma(n + 3, x.contract.unit_roundoff) / (n + 3) * steps
    error = error + gamma(n + 1, x.contract.oracle.unit_roundoff) * largest
    if not x.is_exact:
        error = error + x.error.mean(**over)
    error = error * (SLACK + n * 2.0**-52) + n * x.contract.underflow
    # Where the sum is infinite what is updated is NaN: as are all deviations' squares.
    updated = np.where(np.isfinite(total.value), error, 0.0)
    return Bounded(total.value, x.contract, np.maximum(total.error, updated))


def deviation(x: Bounded, /, **options: Any) -> Bounded:
    """The standard deviation: the root of the variance, which is not negative."""
    return sqrt(variance(x, **options), nonnegative=True)
