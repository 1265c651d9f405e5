"""Sums and means, in any order that an implementation may choose.

Sum of n numbers, any order, any tree, with or without FMA (Jeannerod, Rump, SIAM J.
Matrix Anal. Appl. 34 (2013), 338-344): the error is at most (n - 1) u sum(abs(x)), for
every n. It is attained: 1 + u + u + ... from the left loses every u.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.elementwise import multiply
from scratchnet.testing.bounded.exact import fine_unit, multiples
from scratchnet.testing.bounded.operands import real
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
    axes = (axis,) if hasattr(axis, "__index__") else axis
    axes = tuple(map(operator.index, axes))
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
    n = math.prod(x.shape[i] for i in axes)
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
        error = settled(value, error, *unsettled(x, axes, reach))
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


def unsettled(
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
        lost | ~(partial_sum(reach, x.contract) <= x.contract.format.largest),
    )


def partial_sum(reach: Reals, contract: Contract) -> Reals:
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
    return parted(total, n)


def parted(total: Bounded, n: float, roundings: float = 2.0) -> Bounded:
    """total / n, or total * (1 / n)."""
    return with_rounding(
        total.value / n,
        None if total.is_exact else total.error / n,
        (total,),
        roundings=roundings,
        underflows=True,
    )
