"""Moving elements about: shapes, axes, pieces. Value and error move together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.operands import lifted, real, require_promotion
from scratchnet.testing.formats import Reals


def moved(x: Bounded, function: Callable[[Reals], Reals], /) -> Bounded:
    """A function that only moves elements, of value and error alike."""
    value, error = function(x.value), function(x.error)
    if np.may_share_memory(value, x.value):
        return Bounded.alias(value, x.contract, error)
    return Bounded(value, x.contract, error)


def joined(
    parts: Sequence[Any], function: Callable[[list[Reals]], Reals], like: Bounded, /
) -> Bounded:
    """Several arrays put together, values and errors alike."""
    arrays = [lifted(part, like) for part in parts]
    if any(each.is_real for each in arrays):
        require_promotion(*arrays)
        arrays = [real(each) for each in arrays]
    value = function([each.value for each in arrays])
    return Bounded(value, like.contract, function([each.error for each in arrays]))
