"""What functions along axes are called with: axes, and such as there are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from scratchnet.testing.case import Case, Coder
from scratchnet.testing.inputs import Call
from scratchnet.testing.op import Arrays, Options


def every_axis(*arrays: Any) -> tuple[int, ...]:
    """The axes of the first array, from either end: the last one first, and as often
    as all others together, since only then the others are loop dimensions. Of the
    others mostly 0: code takes it for none."""
    rank = arrays[0].ndim
    every = tuple(axis for i in range(rank) for axis in (-1 - i, rank - 1 - i))
    others = (*every[1:], *every[-1:] * rank * (rank > 1))
    return (*every[:1] * max(1, len(others)), *others)


def some_axes(x: Any, /) -> tuple[Any, ...]:
    """The last axis, all, none, each, and pairs: whatever a reduction takes."""
    if not x.ndim:
        return (None, ())
    pairs = [(0, i) for i in range(1, x.ndim)]
    several = (None, (), *_of_either_sign(pairs, x.ndim), tuple(range(x.ndim)))
    return (*every_axis(x), *several)


def _of_either_sign(pairs: Iterable[tuple[int, int]], rank: int) -> Iterator[Any]:
    """Pairs of axes, each also counted from the end: both, or one of them."""
    for i, j in pairs:
        yield from ((i, j), (i - rank, j - rank), (i - rank, j))


def filled_axes(x: Any, /) -> tuple[Any, ...]:
    """The last axis, and whatever else has an entry: single axes, pairs, all."""
    filled = filled_axis(x)
    pairs = [(i, j) for j in filled for i in filled if 0 <= i < j]
    every = [None, tuple(range(x.ndim))] if x.size else []
    several = (*_of_either_sign(pairs, x.ndim), *every)
    return (*filled[:1] * (len(several) // 2), *filled, *several)


def filled_axis(x: Any, /) -> tuple[int, ...]:
    """The last axis, and whatever other has an entry."""
    return tuple(axis for axis in every_axis(x) if x.shape[axis])


def along(values: Arrays, options: Options, coder: Coder) -> Call:
    """The core dimension is moved to where the axis is."""
    del coder
    (x,) = values
    return (np.ascontiguousarray(np.moveaxis(x, -1, options["axis"])),), options


def is_last(case: Case) -> bool:
    """Whether the axis is the last one: the others are loop dimensions."""
    return bool(case.arguments[-1].ndim > 0 and case.options["axis"] == -1)


def is_dropped(case: Case) -> bool:
    """Whether the last axis, and no other, is reduced and goes."""
    return is_last(case) and not case.options["keepdims"]


def no_such_axis(case: Case) -> list[Call]:
    """The axes just beyond either end."""
    rank = case.arguments[0].ndim
    # PyTorch takes axes 0 and -1 of an array without any.
    beyond = (max(rank, 1), min(-rank, -1) - 1)
    return [(case.arguments, {**case.options, "axis": axis}) for axis in beyond]
