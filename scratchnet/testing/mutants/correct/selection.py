"""What is largest and where, sums so far, and rows that indices choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.arrays import Array, array_namespace

Pullback = Callable[[Array], tuple[Any, ...]]


def argmax(x: Array, /, *, axis: int = -1) -> Array:
    """The index of the largest entry: the first of several."""
    xp = array_namespace(x)
    last = xp.moveaxis(x, axis, -1)
    best = last[..., 0]
    index = xp.zeros(best.shape, dtype=xp.int64)
    for i in range(1, last.shape[-1]):
        larger = last[..., i] > best
        best = xp.where(larger, last[..., i], best)
        index = xp.where(larger, i, index)
    return index


def amax(x: Array, /, *, axis: Any = -1, keepdims: bool = False) -> Array:
    """The largest entry, NaN where there is one."""
    xp = array_namespace(x)
    return xp.max(x, axis=axis, keepdims=keepdims)


def amax_vjp(
    x: Array, /, *, axis: Any = -1, keepdims: bool = False
) -> tuple[Array, Pullback]:
    """amax(...) and its pullback: g in equal shares to all that are largest."""
    xp = array_namespace(x)
    most = xp.max(x, axis=axis, keepdims=True)
    largest = x == most
    ties = xp.sum(xp.astype(largest, x.dtype), axis=axis, keepdims=True)

    def pullback(g: Array) -> tuple[Array]:
        share = xp.reshape(g, most.shape) / ties
        return (xp.where(largest, share, 0.0),)

    return amax(x, axis=axis, keepdims=keepdims), pullback


def cumsum(x: Array, /, *, axis: int = -1) -> Array:
    """The sum of each entry and those before it."""
    xp = array_namespace(x)
    sums = xp.asarray(x, copy=True)
    last = xp.moveaxis(sums, axis, -1)
    for i in range(1, last.shape[-1]):
        last[..., i] += last[..., i - 1]
    return sums


def cumsum_vjp(x: Array, /, *, axis: int = -1) -> tuple[Array, Pullback]:
    """cumsum(...) and its pullback: the sum of each entry and those after it."""
    xp = array_namespace(x)

    def pullback(g: Array) -> tuple[Array]:
        back = cumsum(xp.flip(g, axis=axis), axis=axis)
        return (xp.flip(back, axis=axis),)

    return cumsum(x, axis=axis), pullback


def embedding(indices: Array, weight: Array, /) -> Array:
    """The row of weight at each index."""
    xp = array_namespace(weight)
    if not xp.isdtype(indices.dtype, "integral"):
        raise ValueError("indices are integers")
    if xp.any(indices < 0) or xp.any(indices >= weight.shape[0]):
        raise ValueError("an index is that of no row")
    rows = xp.take(weight, xp.reshape(indices, (-1,)), axis=0)
    return xp.reshape(rows, (*indices.shape, weight.shape[-1]))


def embedding_vjp(indices: Array, weight: Array, /) -> tuple[Array, Pullback]:
    """embedding(...) and its pullback: to each row what all its places got."""
    xp = array_namespace(weight)
    places = xp.reshape(indices, (-1,))

    def pullback(g: Array) -> tuple[Array]:
        rows = xp.reshape(g, (places.shape[0], weight.shape[-1]))
        table = xp.zeros_like(weight)
        for i in range(places.shape[0]):
            table[int(places[i]), :] += rows[i, :]
        return (table,)

    return embedding(indices, weight), pullback
