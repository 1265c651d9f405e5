"""Sum and mean over any axes, with their pullbacks."""

from __future__ import annotations

from math import prod
from typing import Any

from scratchnet.arrays import (
    Array,
    Pullback,
    accumulator,
    array_namespace,
    as_dtype,
    operands,
    pullback_of,
    scalar,
    total,
)
from scratchnet.broadcasting import broadcast_to
from scratchnet.errors import ArgumentError

Axes = int | tuple[int, ...] | None


def sum(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:  # noqa: A001
    """Sum of x over the given axes; over all of them for None, over none for ().

    Signature (...)->(...); dtype and device are those of x; the sum of nothing is 0.
    """
    operands("sum", x=x)
    return total(x, axis=_normalized("sum", axis, x.ndim), keepdims=keepdims)


def sum_vjp(
    x: Array, /, *, axis: Axes = None, keepdims: bool = False
) -> tuple[Array, Pullback]:
    """sum(x) and its pullback: g repeated along the summed axes."""
    y = sum(x, axis=axis, keepdims=keepdims)
    axes = _normalized("sum", axis, x.ndim)

    def pullback(g: Array) -> tuple[Array]:
        return (_repeated(g, x, axes),)

    return y, pullback_of("sum pullback", y, pullback)


def mean(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """Arithmetic mean of x over the given axes, as in `sum`.

    Signature (...)->(...); dtype and device are those of x. Half-precision x is summed
    and divided in float32, so that only the mean itself has to be representable. The
    mean of nothing is NaN.
    """
    xp = operands("mean", x=x)
    axes = _normalized("mean", axis, x.ndim)
    count = prod(x.shape[i] for i in axes)
    wide = accumulator(xp, x.dtype)
    added = xp.sum(x, axis=axes, dtype=wide, keepdims=keepdims)
    if count == 0:
        return xp.full_like(added, float("nan"), dtype=x.dtype)
    return _divided(added, count, x.dtype)


def mean_vjp(
    x: Array, /, *, axis: Axes = None, keepdims: bool = False
) -> tuple[Array, Pullback]:
    """mean(x) and its pullback: g / count repeated along the averaged axes."""
    y = mean(x, axis=axis, keepdims=keepdims)
    axes = _normalized("mean", axis, x.ndim)
    # An empty mean has no element to pass its cotangent to; any divisor will do.
    count = max(1, prod(x.shape[i] for i in axes))

    def pullback(g: Array) -> tuple[Array]:
        return (_repeated(_divided(g, count, g.dtype), x, axes),)

    return y, pullback_of("mean pullback", y, pullback)


def _divided(x: Array, count: int, dtype: Any) -> Array:
    """x / count in the dtype, divided in its accumulator: 2^16 is no float16."""
    wide = as_dtype(x, accumulator(array_namespace(x), dtype))
    return as_dtype(wide / scalar(count, like=wide), dtype)


def _normalized(where: str, axis: Axes, rank: int) -> tuple[int, ...]:
    """Axis as a sorted tuple of distinct non-negative integers."""
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    if any(not -rank <= i < rank for i in axes):
        raise ArgumentError(
            where, f"axis={axis}", f"required within [{-rank}, {rank}) for rank {rank}"
        )
    normalized = sorted({i % rank for i in axes})
    if len(normalized) < len(axes):
        raise ArgumentError(where, f"axis={axis}", "required each axis only once")
    return tuple(normalized)


def _repeated(g: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """g, the cotangent of a reduction of x over these axes, in the shape of x."""
    xp = array_namespace(g)
    kept = tuple(1 if i in axes else side for i, side in enumerate(x.shape))
    # Copied: a cotangent with stride 0 would surprise whoever writes into it.
    return xp.asarray(broadcast_to(xp.reshape(g, kept), x.shape), copy=True)
