"""References for stretching an array, and for its transpose, summing it back."""

from __future__ import annotations

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.references.reference import Algorithm, Reference

Shape = tuple[int, ...]


def broadcast_to(x: Array, shape: Shape, /) -> Array:
    """x stretched to shape: nothing rounds."""
    return array_namespace(x).broadcast_to(x, shape)


def broadcast_to_pullback(g: Array, x: Array, shape: Shape, /) -> tuple[Array]:
    """g summed over what was stretched."""
    del shape  # it is that of g
    return (unbroadcast(g, tuple(x.shape)),)


def unbroadcast(g: Array, shape: Shape, /) -> Array:
    """g summed over the axes that an array of this shape is stretched along to it."""
    xp = array_namespace(g)
    axes = stretched(shape, tuple(g.shape))
    # Without axes nothing is added, and so nothing rounds, not even in the oracle.
    total = xp.sum(g, axis=axes, dtype=g.dtype) if axes else g
    return xp.reshape(total, shape)


def unbroadcast_pullback(g: Array, x: Array, shape: Shape, /) -> tuple[Array]:
    """g repeated along what was summed: the transpose of the transpose."""
    return (broadcast_to(array_namespace(g).reshape(g, shape), tuple(x.shape)),)


def stretched(shape: Shape, to: Shape, /) -> tuple[int, ...]:
    """The axes of `to` that broadcasting adds to shape, or stretches from side 1."""
    sides = (1,) * (len(to) - len(shape)) + tuple(shape)
    added = len(to) - len(shape)
    return tuple(
        axis
        for axis, (old, new) in enumerate(zip(sides, to, strict=True))
        if axis < added or old != new
    )


REFERENCES = (
    Reference("broadcast_to", (Algorithm("repeat", broadcast_to, "exact"),)),
    Reference(
        "broadcast_to.pullback",
        (Algorithm("sum", broadcast_to_pullback, "in any order"),),
    ),
    Reference("unbroadcast", (Algorithm("sum", unbroadcast, "in any order"),)),
    Reference(
        "unbroadcast.pullback", (Algorithm("repeat", unbroadcast_pullback, "exact"),)
    ),
)
