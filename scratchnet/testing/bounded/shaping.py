"""Moving elements about: shapes, axes, pieces. Value and error move together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.operands import lifted
from scratchnet.testing.formats import Reals


def moved(x: Bounded, function: Callable[[Reals], Reals], /) -> Bounded:
    """A function that only moves elements, of value and error alike."""
    return Bounded(function(x.value), x.contract, function(x.error))


def joined(
    parts: Sequence[Any], function: Callable[[list[Reals]], Reals], like: Bounded, /
) -> Bounded:
    """Several arrays put together, values and errors alike."""
    arrays = [lifted(part, like) for part in parts]
    value = function([each.value for each in arrays])
    return Bounded(value, like.contract, function([each.error for each in arrays]))
