"""Sums and means over axes, and their pullbacks."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from scratchnet.arrays import Array, array_namespace

Pullback = Callable[[Array], tuple[Any, ...]]
Shape = tuple[int, ...]


def sum(x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:  # noqa: A001
    """The sum over axes, or of all."""
    xp = array_namespace(x)
    axes = _axes(axis, x.ndim)
    total = _added(_in_rows(x, axes))
    return xp.reshape(total, _sides(x, axes)) if keepdims else total


def sum_vjp(
    x: Array, /, *, axis: Any = None, keepdims: bool = False
) -> tuple[Array, Pullback]:
    """sum(x) and its pullback: g, for each number that was added."""
    axes = _axes(axis, x.ndim)
    y = sum(x, axis=axis, keepdims=keepdims)
    return y, lambda g: (_repeated(g, x, axes),)


def mean(x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The mean over axes, or of all: of nothing it is NaN."""
    total = sum(x, axis=axis, keepdims=keepdims)
    return total / _count(x, _axes(axis, x.ndim))


def mean_vjp(
    x: Array, /, *, axis: Any = None, keepdims: bool = False
) -> tuple[Array, Pullback]:
    """mean(x) and its pullback: its part of g, for each number that was added."""
    axes = _axes(axis, x.ndim)
    y = mean(x, axis=axis, keepdims=keepdims)
    return y, lambda g: (_repeated(g / _count(x, axes), x, axes),)


def _axes(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes, counted from the first one; without any named, all."""
    if axis is None:
        return tuple(range(rank))
    named = axis if isinstance(axis, tuple) else (axis,)
    if any(not -rank <= each < rank for each in named):
        raise ValueError(f"axis {axis} of {rank} dimensions")
    return tuple(each % rank for each in named)


def _sides(x: Array, axes: tuple[int, ...]) -> Shape:
    """The shape with 1 where it is summed."""
    return tuple(1 if i in axes else side for i, side in enumerate(x.shape))


def _count(x: Array, axes: tuple[int, ...]) -> int:
    """How many numbers go into one."""
    return prod(x.shape[axis] for axis in axes)


def _in_rows(x: Array, axes: tuple[int, ...]) -> Array:
    """What is added up together side by side, along the last axis."""
    xp = array_namespace(x)
    others = tuple(i for i in range(x.ndim) if i not in axes)
    sides = tuple(x.shape[i] for i in others)
    turned = xp.permute_dims(x, (*others, *axes))
    return xp.reshape(turned, (*sides, _count(x, axes)))


def _added(rows: Array) -> Array:
    """The sum of each row: its halves are added to each other until one is left."""
    xp = array_namespace(rows)
    if rows.shape[-1] == 0:
        return xp.zeros(rows.shape[:-1], dtype=rows.dtype)
    while rows.shape[-1] > 1:
        half = rows.shape[-1] // 2
        pairs = rows[..., :half] + rows[..., half : 2 * half]
        rows = xp.concat([pairs, rows[..., 2 * half :]], axis=-1)
    return xp.asarray(rows[..., 0], copy=True)


def _repeated(g: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """g for each number of x that it is the cotangent of."""
    xp = array_namespace(g)
    kept = xp.reshape(g, _sides(x, axes))
    return xp.asarray(xp.broadcast_to(kept, x.shape), copy=True)
