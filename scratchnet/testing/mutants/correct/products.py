"""Products of vectors and matrices, and their pullbacks."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from scratchnet.arrays import Array, array_namespace

Pullback = Callable[[Array], tuple[Any, ...]]
Shape = tuple[int, ...]


def _product(rows: Array, columns: Array) -> Array:
    """The product of each row with each column, added up: both lie along the last axis,
    and what is before the last two axes stretches."""
    xp = array_namespace(rows, columns)
    if rows.shape[-1] != columns.shape[-1]:
        raise ValueError(f"inner sides {rows.shape[-1]} and {columns.shape[-1]}")
    pairs = rows[..., :, None, :] * columns[..., None, :, :]
    return xp.sum(pairs, axis=-1, dtype=rows.dtype)


def _turned(x: Array) -> Array:
    """The matrices with their last two axes swapped."""
    return array_namespace(x).matrix_transpose(x)


def _summed_to(g: Array, shape: Shape) -> Array:
    """g summed over the dimensions that this shape was stretched along."""
    xp = array_namespace(g)
    added = g.ndim - len(shape)
    ones = [added + i for i, side in enumerate(shape) if side == 1]
    for axis in (*range(added), *ones):
        g = xp.sum(g, axis=axis, keepdims=True, dtype=g.dtype)
    return xp.reshape(g, shape)


def matmul(a: Array, b: Array, /) -> Array:
    """The product of matrices, or of a vector and matrices."""
    left, right = _matrices(a, b)
    y = _product(left, _turned(right))
    y = y[..., 0] if b.ndim == 1 else y
    if a.ndim == 1:
        y = y[..., 0] if b.ndim == 1 else y[..., 0, :]
    return y


def _matrices(a: Array, b: Array) -> tuple[Array, Array]:
    """A vector is a row on the left, a column on the right."""
    if not a.ndim or not b.ndim:
        raise ValueError("a number is no matrix")
    return a[None, :] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b


def matmul_vjp(a: Array, b: Array, /) -> tuple[Array, Pullback]:
    """matmul(a, b) and its pullback: g b^T and a^T g."""
    xp = array_namespace(a, b)
    left, right = _matrices(a, b)
    y = matmul(a, b)
    loops = y.shape[: max(left.ndim, right.ndim) - 2]

    def pullback(g: Array) -> tuple[Array, Array]:
        g = xp.reshape(g, (*loops, left.shape[-2], right.shape[-1]))
        da = _summed_to(_product(g, right), left.shape)
        db = _summed_to(_product(_turned(left), _turned(g)), right.shape)
        return xp.reshape(da, a.shape), xp.reshape(db, b.shape)

    return y, pullback


def matvec(a: Array, x: Array, /) -> Array:
    """The product of matrices and vectors."""
    if a.ndim < 2 or not x.ndim:
        raise ValueError("a matrix and a vector are required")
    return _product(a, x[..., None, :])[..., 0]


def matvec_vjp(a: Array, x: Array, /) -> tuple[Array, Pullback]:
    """matvec(a, x) and its pullback: the outer product of g and x, and a^T g."""

    def pullback(g: Array) -> tuple[Array, Array]:
        da = g[..., :, None] * x[..., None, :]
        dx = matvec(_turned(a), g)
        return _summed_to(da, a.shape), _summed_to(dx, x.shape)

    return matvec(a, x), pullback


def tensordot(a: Array, b: Array, /, *, axes: int = 2) -> Array:
    """Products added up over the last axes of a and the first of b."""
    xp = array_namespace(a, b)
    kept = a.ndim - axes
    if a.shape[kept:] != b.shape[:axes]:
        raise ValueError(f"{axes} axes of {a.shape} and {b.shape}")
    y = _product(_as_rows(a, kept), _turned(_as_rows(b, axes)))
    return xp.reshape(y, (*a.shape[:kept], *b.shape[axes:]))


def _as_rows(x: Array, first: int) -> Array:
    """A matrix: the first axes are one, and the others are."""
    sides = prod(x.shape[:first]), prod(x.shape[first:])
    return array_namespace(x).reshape(x, sides)


def tensordot_vjp(a: Array, b: Array, /, *, axes: int = 2) -> tuple[Array, Pullback]:
    """tensordot(a, b) and its pullback, that of the product of two matrices."""
    xp = array_namespace(a, b)
    left, right = _as_rows(a, a.ndim - axes), _as_rows(b, axes)

    def pullback(g: Array) -> tuple[Array, Array]:
        flat = xp.reshape(g, (left.shape[0], right.shape[1]))
        da = _product(flat, right)
        db = _product(_turned(left), _turned(flat))
        return xp.reshape(da, a.shape), xp.reshape(db, b.shape)

    return tensordot(a, b, axes=axes), pullback


def linear(x: Array, weight: Array, bias: Array | None = None, /) -> Array:
    """x weight^T + bias, for each row of x."""
    xp = array_namespace(x, weight)
    y = _product(_flat(x), weight)
    y = y if bias is None else y + bias
    return xp.reshape(y, (*x.shape[:-1], weight.shape[0]))


def _flat(x: Array) -> Array:
    """All rows, one below the other."""
    sides = prod(x.shape[:-1]), x.shape[-1]
    return array_namespace(x).reshape(x, sides)


def linear_vjp(
    x: Array, weight: Array, bias: Array | None = None, /
) -> tuple[Array, Pullback]:
    """linear(x) and its pullback: g weight, g^T x and the sum of g."""
    xp = array_namespace(x, weight)

    def pullback(g: Array) -> tuple[Array, ...]:
        rows = _flat(g)
        dx = xp.reshape(_product(rows, _turned(weight)), x.shape)
        dweight = _product(_turned(rows), _turned(_flat(x)))
        if bias is None:
            return dx, dweight
        return dx, dweight, xp.sum(rows, axis=0, dtype=g.dtype)

    return linear(x, weight, bias), pullback


def dot(a: Array, b: Array, /) -> Array:
    """The product of two vectors, a number."""
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"vectors of shape {a.shape} and {b.shape}")
    return array_namespace(a, b).sum(a * b, dtype=a.dtype)


def dot_vjp(a: Array, b: Array, /) -> tuple[Array, Pullback]:
    """dot(a, b) and its pullback: g b and g a."""
    return dot(a, b), lambda g: (g * b, g * a)


def outer(a: Array, b: Array, /) -> Array:
    """The product of each number of one vector with each of another."""
    return a[:, None] * b[None, :]


def outer_vjp(a: Array, b: Array, /) -> tuple[Array, Pullback]:
    """outer(a, b) and its pullback: g b and g^T a."""
    return outer(a, b), lambda g: (matvec(g, b), matvec(_turned(g), a))
