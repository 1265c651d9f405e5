"""Stretching an array, and summing it back, and their pullbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.arrays import Array, array_namespace

Pullback = Callable[[Array], tuple[Any, ...]]
Shape = tuple[int, ...]


def broadcast_to(x: Array, shape: Shape, /) -> Array:
    """Each element of the result is looked up in x, as a kernel would."""
    xp = array_namespace(x)
    _require_stretch(tuple(x.shape), shape)
    places = xp.reshape(_places(xp, tuple(x.shape), shape), (-1,))
    return xp.reshape(xp.take(xp.reshape(x, (-1,)), places), shape)


def _places(xp: Any, sides: Shape, shape: Shape) -> Array:
    """Where in the memory of x, without gaps, each element of the result is."""
    places = xp.zeros(shape, dtype=xp.int64)
    stride = 1
    for after, side in enumerate(reversed(sides)):
        # A side of 1 is not walked along: all that is there is its only element.
        if side != 1:
            index = xp.arange(side, dtype=xp.int64)
            places = places + stride * xp.reshape(index, (side, *(1,) * after))
        stride *= side
    return places


def _require_stretch(sides: Shape, shape: Shape) -> None:
    added = len(shape) - len(sides)
    if added < 0:
        raise ValueError(f"{sides} has more dimensions than {shape}")
    for old, new in zip(sides, shape[added:], strict=True):
        if old not in (1, new):
            raise ValueError(f"{sides} does not stretch to {shape}")


def broadcast_to_vjp(x: Array, shape: Shape, /) -> tuple[Array, Pullback]:
    """broadcast_to(x, shape) and its pullback: the sum over what was stretched."""
    sides = tuple(x.shape)

    def pullback(g: Array) -> tuple[Array]:
        return (unbroadcast(g, sides),)

    return broadcast_to(x, shape), pullback


def unbroadcast(g: Array, shape: Shape, /) -> Array:
    """g summed over the axes that this shape is stretched along."""
    xp = array_namespace(g)
    _require_stretch(shape, tuple(g.shape))
    added = g.ndim - len(shape)
    ones = [added + i for i, side in enumerate(shape) if side == 1]
    total = xp.asarray(g, copy=True)
    # From the last one on, so that those before it stay where they are.
    for axis in reversed([*range(added), *ones]):
        total = xp.sum(total, axis=axis, dtype=g.dtype)
    return xp.reshape(total, shape)


def unbroadcast_vjp(g: Array, shape: Shape, /) -> tuple[Array, Pullback]:
    """unbroadcast(g, shape) and its pullback: a repetition along what was summed."""
    wide = tuple(g.shape)
    return unbroadcast(g, shape), lambda t: (broadcast_to(t, wide),)
