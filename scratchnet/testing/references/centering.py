"""How far numbers are from their mean: what variances and normalizations share."""

from __future__ import annotations

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.bounded import Bounded, variance
from scratchnet.testing.references.reductions import Axes, normalized


def mean(x: Array, axis: Axes, /) -> Array:
    """The mean over axes, which are kept."""
    return array_namespace(x).mean(x, axis=normalized(axis, x.ndim), keepdims=True)


def mean_in_any_way(x: Array, axis: Axes, /) -> Array:
    """The same, where it may also be found by updating it, number by number."""
    if isinstance(x, Bounded):
        return variance.mean_in_any_way(x, axis=axis)
    return mean(x, axis)


def centered(x: Array, axis: Axes, /) -> Array:
    """How far each element is from the mean."""
    return x - mean(x, axis)
