"""Matrix products: any order of summation, FMA, wide accumulators, a bias anywhere.

Dot product of length k, any order (Jeannerod, Rump, SIAM J. Matrix Anal. Appl. 34
(2013), 338-344): the error is at most k u sum(abs(x) abs(y)), for every k.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.elementwise import integers
from scratchnet.testing.bounded.exact import grid, unrounded
from scratchnet.testing.bounded.operands import are_integers, reals
from scratchnet.testing.bounded.reductions import summed_error
from scratchnet.testing.bounded.rounding import SLACK, magnitude, settled
from scratchnet.testing.formats import Reals


def matmul(x: Any, y: Any, /) -> Bounded:
    """x @ y with NumPy's semantics."""
    if are_integers(x, y):
        return integers(np.matmul, x, y)
    a, b = reals(x, y)
    if a.ndim == 0 or b.ndim == 0:
        raise ArgumentError("matmul", "a 0-D operand", "required at least 1-D")
    left, right = _matrix(a, 0), _matrix(b, 1)
    found = _product(_as_read(left), _as_read(right))
    dropped = (-2,) * (a.ndim == 1) + (-1,) * (b.ndim == 1)
    return Bounded(
        found.value.squeeze(dropped), found.contract, found.error.squeeze(dropped)
    )


def linear(x: Any, weight: Any, bias: Any = None, /) -> Bounded:
    """x weight^T + bias, where the bias may enter the accumulator at any point.

    As a dot product of one more term, [x, 1] . [w; b]: addmm puts the bias first, and
    its rounding is then not that of x @ w + b. The bound covers both.
    """
    a, w = reals(x, weight)
    if bias is None:
        return matmul(a, w.mT)
    _, c = reals(a, bias)
    ones = np.ones((*a.shape[:-1], 1), a.value.dtype)
    left = Bounded(
        np.concatenate([a.value, ones], -1),
        a.contract,
        np.concatenate([a.error, np.zeros(ones.shape)], -1),
    )
    right = Bounded(
        np.concatenate([w.value, c.value[:, None]], -1),
        a.contract,
        np.concatenate([w.error, c.error[:, None]], -1),
    )
    return matmul(left, right.mT)


def tensordot(x: Any, y: Any, /, *, axes: Any = 2) -> Bounded:
    """Sum of products over the last axes of x and the first of y, or named ones."""
    a, b = reals(x, y)
    if not isinstance(axes, int):
        left, right = (
            (each,) if isinstance(each, int) else tuple(each) for each in axes
        )
        a, b = _last(a, left), _first(b, right)
        axes = len(left)
    rows, inner = a.shape[: a.ndim - axes], b.shape[:axes]
    flat = matmul(
        _reshaped(a, (prod(rows), prod(inner))),
        _reshaped(b, (prod(inner), prod(b.shape[axes:]))),
    )
    return _reshaped(flat, (*rows, *b.shape[axes:]))


def _last(x: Bounded, axes: tuple[int, ...]) -> Bounded:
    moved = [i % x.ndim for i in axes]
    return _permuted(x, [*(i for i in range(x.ndim) if i not in moved), *moved])


def _first(x: Bounded, axes: tuple[int, ...]) -> Bounded:
    moved = [i % x.ndim for i in axes]
    return _permuted(x, [*moved, *(i for i in range(x.ndim) if i not in moved)])


def _permuted(x: Bounded, order: list[int]) -> Bounded:
    return Bounded(x.value.transpose(order), x.contract, x.error.transpose(order))


def _reshaped(x: Bounded, shape: tuple[int, ...]) -> Bounded:
    return Bounded(x.value.reshape(shape), x.contract, x.error.reshape(shape))


def _matrix(x: Bounded, axis: int) -> Bounded:
    """A 1-D operand as a matrix of one row (axis 0) or one column (axis 1)."""
    if x.ndim > 1:
        return x
    return Bounded(
        np.expand_dims(x.value, axis), x.contract, np.expand_dims(x.error, axis)
    )


def _as_read(x: Bounded) -> Bounded:
    """A factor as the subject reads it: rounded to fewer bits where the contract says.

    Subnormal numbers have fewer bits still: they may be lost.
    """
    bits = x.contract.input_precision
    if bits is None:
        return x
    sizes = magnitude(x.value)
    # Rounding to nearest moves by half a unit; truncating, as some devices do, by one.
    moved = np.where(
        sizes < x.contract.format.smallest_normal, sizes, 2.0 ** (1 - bits) * sizes
    )
    moved = np.where(np.isfinite(x.value), moved, 0.0)
    return Bounded(x.value, x.contract, x.error + moved)


def _product(a: Bounded, b: Bounded) -> Bounded:
    contract, k = a.contract, a.shape[-1]
    x, y = magnitude(a.value), magnitude(b.value)
    value, reach = a.value @ b.value, x @ y
    propagated = _propagated(a, b, x, y)
    reach = reach if propagated is None else reach + propagated
    # k products and k - 1 sums cost no more than k roundings of the magnitudes.
    error = summed_error(value, propagated, reach, k + 1, contract)
    error = error * (SLACK + k * 2.0**-51) + _underflow(a, b, x, y, value, error)
    if a.is_exact and b.is_exact and (exact := _on_grid(a, b, reach)).any():
        error = np.where(exact, 0.0, error)
    tame = a.is_tame and b.is_tame
    if not (tame and (reach <= contract.format.largest).all()):
        error = settled(value, error, *_unsettled(a, b, x, y, reach))
    return Bounded(value, contract, error)


def _propagated(a: Bounded, b: Bounded, x: Reals, y: Reals) -> Reals | None:
    """abs(x) ey + ex abs(y) + ex ey, summed."""
    if a.is_exact and b.is_exact:
        return None
    if a.is_exact:
        return x @ b.error
    moved = a.error @ (y + b.error)
    return moved if b.is_exact else moved + x @ b.error


def _on_grid(a: Bounded, b: Bounded, reach: Reals) -> Reals:
    """Where all products are multiples of a unit that their sum can be written in."""
    if max(a.size, b.size) > 256:  # mostly the first factors tell that they are not
        unit = _units(a.value[..., :4], b.value[..., :4, :])
        if not unrounded(reach, unit, a.contract).any():
            return np.zeros_like(reach, bool)
    return unrounded(reach, _units(a.value, b.value), a.contract)


def _units(x: Reals, y: Reals) -> Reals:
    return grid(x, -1)[..., :, None] * grid(y, -2)[..., None, :]


def _underflow(
    a: Bounded, b: Bounded, x: Reals, y: Reals, value: Reals, error: Reals
) -> Reals | float:
    """Each product may underflow; in a wide accumulator only the result may, or what
    is below even the accumulator's range."""
    contract, k = a.contract, a.shape[-1]
    tiny = contract.format.smallest_normal
    if contract.accumulator is not None:
        below = k * contract.accumulator.smallest_subnormal
        return np.where(
            magnitude(value) - error < 2 * tiny, contract.underflow + below, below
        )
    if contract.flush_to_zero:  # the products, and their partial sums
        return 2 * k * contract.underflow
    if a.is_exact and b.is_exact:
        smallest = [each.min(where=each > 0, initial=np.inf) for each in (x, y)]
        if float(smallest[0]) * float(smallest[1]) >= 2 * tiny:
            return 0.0
    return k * contract.underflow


def _unsettled(
    a: Bounded, b: Bounded, x: Reals, y: Reals, reach: Reals
) -> tuple[Reals, Reals, Reals]:
    """What `settled` asks, as of sums: row by row of a, column by column of b."""
    largest, wide = a.contract.format.largest, a.contract.accumulator
    odd_a, odd_b = ~np.isfinite(a.value), ~np.isfinite(b.value)
    if odd_a.any() or odd_b.any():
        reach = np.where(odd_a, 0, x + a.error) @ np.where(odd_b, 0, y + b.error)
    if wide is not None:
        reach = np.where(reach <= wide.largest, 0.0, reach)
    lost_a = a.may_overflow | ~np.isfinite(a.error)
    lost_b = b.may_overflow | ~np.isfinite(b.error)
    lost = _crossed(lost_a, lost_b) | ~(reach <= largest)
    # Infinity times what may be of either sign, or 0: BLAS skips some products by 0.
    turns_a, turns_b = x <= a.error, y <= b.error
    for odd, turns in ((odd_a, turns_b), (turns_a, odd_b)):
        if odd.any() and turns.any():
            lost = lost | (odd.astype(float) @ turns.astype(float) > 0)
    return _crossed(odd_a, odd_b), ~_crossed(a.error > 0, b.error > 0), lost


def _crossed(of_a: Reals, of_b: Reals) -> Reals:
    """What holds of any factor in the row of a or in the column of b."""
    return of_a.any(-1)[..., :, None] | of_b.any(-2)[..., None, :]
