"""One oracle of several algorithms, each of which is accepted."""

from __future__ import annotations

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.rounding import SLACK
from scratchnet.testing.formats import Reals


def accepted(*algorithms: Bounded) -> Bounded:
    """The oracle of an operation that several algorithms compute, each acceptable.

    Its value is that of the first, its bound the largest of all, each widened by how
    far its own value is from the first.
    """
    first, *others = algorithms
    error = first.error
    for each in others:
        both_nan = np.isnan(each.value) & np.isnan(first.value)
        apart = np.where(both_nan, 0.0, distance(each.value, first.value))
        apart = np.where(np.isnan(apart), np.inf, apart)
        error = np.maximum(error, (each.error + apart) * SLACK)
    return Bounded(first.value, first.contract, error)


def distance(x: Reals, y: Reals, /) -> Reals:
    """abs(x - y) in float64; 0 where both are the same infinity."""
    apart = np.where(x == y, 0, np.abs(x - y))
    return np.asarray(apart, np.float64)
