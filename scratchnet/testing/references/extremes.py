"""References for the largest element along axes, and for where it is."""

from __future__ import annotations

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.references.reductions import Axes, normalized, repeated
from scratchnet.testing.references.reference import Algorithm, Reference, either


def amax(x: Array, /, *, axis: Axes = -1, keepdims: bool = False) -> Array:
    """The largest element; NaN where there is one."""
    xp = array_namespace(x)
    return xp.max(x, axis=normalized(axis, x.ndim), keepdims=keepdims)


def amax_pullback(
    g: Array, x: Array, /, *, axis: Axes = -1, keepdims: bool = False
) -> tuple[Array]:
    """g at the largest element, 0 elsewhere; among several that tie, in any shares.

    PyTorch's amax shares evenly, its max gives all to one, of which it does not say
    which. Each share is between 0 and g, which is all that is said of one; what they
    add up to is `all_shares`. Of a slice that holds NaN nothing is said.
    """
    del keepdims
    xp, axes = array_namespace(x), normalized(axis, x.ndim)
    g = repeated(g, x, axis)
    largest = x == xp.max(x, axis=axes, keepdims=True)
    ties = xp.sum(xp.astype(largest, x.dtype), axis=axes, dtype=x.dtype, keepdims=True)
    nothing = xp.zeros_like(g)
    alone = xp.where(largest, g, nothing)
    evenly = alone / ties
    masked = (g * xp.astype(largest, x.dtype)) / ties
    # At ties this is what is left where another one has all.
    left = xp.where(ties > 1, nothing, alone)
    return (either(evenly, masked, alone, left),)


def all_shares(
    dx: Array, g: Array, x: Array, /, *, axis: Axes = -1, keepdims: bool = False
) -> Array:
    """What the shares of the cotangent add up to: g, whoever has which."""
    del g
    over = {"axis": normalized(axis, x.ndim), "keepdims": keepdims}
    return array_namespace(dx).sum(dx, dtype=dx.dtype, **over)


def argmax(x: Array, /, *, axis: int | None = -1) -> Array:
    """The index of the largest element, or of one of several that tie.

    NumPy takes the first of them, PyTorch does not say which. An integer's bound is an
    interval: what is accepted is no further from the first than the last that ties,
    which holds them all. Where that is everywhere, or there is NaN, nothing is said.
    """
    return array_namespace(x).argmax(x, axis=axis)


REFERENCES = (
    Reference("amax", (Algorithm("max(x)", amax, "exact"),)),
    Reference(
        "amax.pullback",
        (
            Algorithm(
                "g where x = max(x)",
                amax_pullback,
                "in any shares among those that tie: evenly, or all to one",
            ),
        ),
    ),
    Reference(
        "argmax",
        (
            Algorithm(
                "argmax(x)",
                argmax,
                "of several the first, or one further on; of NaN nothing is said",
            ),
        ),
    ),
)
