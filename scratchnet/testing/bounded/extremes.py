"""The largest and the smallest element along axes, and where it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.operands import real
from scratchnet.testing.bounded.reductions import Axes, normalized
from scratchnet.testing.bounded.shaping import moved
from scratchnet.testing.formats import Reals


def maximum_over(
    x: Bounded, /, *, axis: Axes = None, keepdims: bool = False
) -> Bounded:
    """The largest element: its error is the largest among those that may be it."""
    return _extreme(x, axis, keepdims, np.max, 1.0)


def minimum_over(
    x: Bounded, /, *, axis: Axes = None, keepdims: bool = False
) -> Bounded:
    """The smallest element, likewise."""
    return _extreme(x, axis, keepdims, np.min, -1.0)


def _extreme(
    x: Bounded, axis: Axes, keepdims: bool, function: Any, way: float
) -> Bounded:
    axes = normalized(axis, x.ndim)
    value = function(x.value, axis=axes, keepdims=True)
    found = Bounded(value, x.contract)
    if not x.is_exact:
        found = Bounded(value, x.contract, _reached(x, value, axes, way))
    return found if keepdims else moved(found, lambda part: part.squeeze(axes))


def _reached(x: Bounded, value: Reals, axes: tuple[int, ...], way: float) -> Reals:
    """The largest error among the elements that may be the extreme one."""
    widest = x.error.max(axis=axes, keepdims=True)
    below = way * (value - x.value)
    error = x.error
    if x.contract.flush_to_zero:
        # Subnormal numbers are compared as 0, and one of them is returned as it is.
        tiny = np.abs(x.value) - error < x.contract.format.smallest_normal
        error = error + np.where(tiny & (below < np.inf), below, 0.0)
    found = np.where(below > x.error + widest, 0.0, error)
    return np.asarray(found.max(axis=axes, keepdims=True), np.float64)


def argmax(
    x: Bounded, /, *, axis: int | None = None, keepdims: bool = False
) -> Bounded:
    """Where the largest element is: undecided where another may be as large, ties too,
    by as much as that one is away. Which of several is found is nobody's promise."""
    return _place(real(x), axis, keepdims)


def argmin(
    x: Bounded, /, *, axis: int | None = None, keepdims: bool = False
) -> Bounded:
    """Where the smallest element is, likewise."""
    x = real(x)
    return _place(Bounded(-x.value, x.contract, x.error), axis, keepdims)


def _place(x: Bounded, axis: int | None, keepdims: bool) -> Bounded:
    value, error = x.value, x.error
    if axis is None:
        value, error = value.reshape(-1), error.reshape(-1)
    along = 0 if axis is None else axis
    place = np.argmax(value, axis=along, keepdims=True)
    rivals = _rivals(value, error, place, along, x.contract.format.largest)
    away = _furthest(rivals, place, along)
    found = Bounded(place, x.contract, away)
    if axis is None:
        shape = (1,) * x.ndim if keepdims else ()
        return moved(found, lambda part: part.reshape(shape))
    return found if keepdims else moved(found, lambda part: part.squeeze(axis))


def _furthest(rivals: Reals, place: Reals, axis: int) -> Reals:
    """How far away the furthest rival is; infinite where it rules out no place."""
    sides = np.ones(rivals.ndim, int)
    sides[axis] = -1
    index = np.arange(rivals.shape[axis]).reshape(sides)
    ways = np.where(index < place, place - index, index - place)
    away = np.where(rivals, ways, 0).max(axis=axis, keepdims=True)
    everywhere = (away == ways.max(axis=axis, keepdims=True)) & (away != 0)
    return np.where(everywhere, np.inf, away)


def _rivals(
    value: Reals, error: Reals, place: Reals, axis: int, largest: float
) -> Reals:
    """What may be the largest, that which is among it: what overflows all ties."""
    best = np.take_along_axis(value, place, axis)
    margin = np.take_along_axis(error, place, axis)
    apart = best - value > margin + error
    return ~apart | ((value + error > largest) & (best + margin > largest))
