"""Sums and means, also in orders written by hand, and stretching with its transpose."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import orders
from draws import Case, Draw, Reals
from subjects import (
    Implementation,
    Subject,
    on_numpy,
    on_torch,
    referenced,
    torch,
    with_pullback,
)

from scratchnet import broadcasting, reductions

# Reductions.


def reduced(draw: Draw) -> Case:
    """An array with one side that may be long, and some of its axes."""
    rank = draw.integer(1, 3)
    shape = [draw.integer(1, 4) for _ in range(rank)]
    long = draw.integer(0, rank - 1)
    shape[long] = 0 if draw.chance(0.02) else draw.length()
    if shape[long] > 2000:
        shape = [min(side, 2) if i != long else side for i, side in enumerate(shape)]
    x = draw.numbers(*shape)
    some = tuple(i for i in range(rank) if draw.chance(0.5))
    axis = draw.one_of(None, long, long, some)
    return Case(draw.form, (x,), {"axis": axis, "keepdims": draw.chance(0.3)})


def torchs_reduction(name: str) -> Callable[..., Any]:
    """PyTorch takes no axes for all of them; ours takes them for none."""

    def builtin(x: Any, *, axis: Any, keepdims: bool) -> Any:
        if axis == ():
            return x + 0
        axes = tuple(range(x.ndim)) if axis is None else axis
        return getattr(torch, name)(x, axes, keepdim=keepdims)

    return builtin


def numpys_mean(x: Reals, *, axis: Any, keepdims: bool) -> Any:
    """NumPy has a warning instead of a NaN for the mean of nothing."""
    if x.size == 0:
        return None
    return np.mean(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def with_order(
    order: Callable[..., Any], *, mean: bool = False, host: bool = False
) -> Implementation:
    """The sum, or mean, of a case of `reduced`, its terms in this order.

    bfloat16 is PyTorch's, which rounds to it after every addition; with `host` it stays
    NumPy's float32.
    """
    return lambda case: _ordered(order, case if host else native(case), mean)


def in_wide(case: Case) -> Any:
    """The sum in a wider accumulator."""
    return with_order(lambda terms: orders.wide_sum(terms, case.form), host=True)(case)


def native(case: Case) -> Case:
    """The case in a library that has its format."""
    return case.tensors if case.form.name == "bfloat16" else case


def _ordered(order: Callable[..., Any], case: Case, mean: bool) -> Any:
    """None where there is nothing to add, and where the order is for less."""
    (x,), axis = case.inputs, case.options["axis"]
    axes = _axes(axis, x.ndim)
    count = prod(x.shape[i] for i in axes)
    if count == 0:
        return None
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    moved = getattr(x, "permute", x.transpose)((*kept, *axes))
    total = order(moved.reshape((*(x.shape[i] for i in kept), count)))
    if total is None:
        return None
    if mean:
        total = _shared(total, count)
    sides = (1 if i in axes else side for i, side in enumerate(x.shape))
    return total.reshape(tuple(sides)) if case.options["keepdims"] else total


def _shared(total: Any, count: int) -> Any:
    """Divided in float32 where the count may be no number of the format."""
    if not isinstance(total, np.ndarray | np.generic):
        return (total.float() / count).to(total.dtype)
    wide = np.float32 if total.dtype == np.float16 else total.dtype.type
    return (total.astype(wide) / wide(count)).astype(total.dtype)


def _axes(axis: Any, rank: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(rank))
    return (axis % rank,) if isinstance(axis, int) else axis


REDUCTIONS = (
    *with_pullback(
        "sum",
        reduced,
        reductions.sum_vjp,
        torchs_reduction("sum"),
        values={
            "NumPy": on_numpy(lambda x, **options: np.sum(x, dtype=x.dtype, **options)),
            **{name: with_order(order) for name, order in orders.SUMS.items()},
            "wide accumulator": in_wide,
        },
    ),
    *with_pullback(
        "mean",
        reduced,
        reductions.mean_vjp,
        torchs_reduction("mean"),
        values={
            "NumPy": on_numpy(numpys_mean),
            **{name: with_order(each, mean=True) for name, each in orders.SUMS.items()},
        },
    ),
)


# Stretching.


def stretched(draw: Draw) -> Case:
    """An array and a shape that it broadcasts to."""
    shape = draw.shape()
    return Case(draw.form, (draw.numbers(*draw.stretched(shape)), shape))


def summed_back(draw: Draw) -> Case:
    """An array, with one side that may be long, and a shape that broadcasts to it."""
    shape = draw.shape()
    if shape and draw.chance(0.5):
        shape = (draw.length(), *(min(side, 3) for side in shape[1:]))
    return Case(draw.form, (draw.numbers(*shape), draw.stretched(shape)))


def torchs_unbroadcast(g: Any, shape: Any) -> Any:
    """PyTorch refuses to sum an axis of 0 to one of 1."""
    if g.numel() == 0:
        return None
    return g.sum_to_size(shape) if shape else g.sum()


def numpys_unbroadcast(g: Reals, shape: Any) -> Any:
    """In two steps: what was added on the left, then what was stretched."""
    total = g.sum(axis=tuple(range(g.ndim - len(shape))), dtype=g.dtype)
    kept = tuple(i for i, side in enumerate(shape) if side != total.shape[i])
    return total.sum(axis=kept, keepdims=True, dtype=g.dtype)


def repeated(g: Any, x: Any, shape: Any) -> tuple[Any]:
    """The pullback of unbroadcast, for which the pipeline has no rule of its own."""
    return (broadcasting.broadcast_to(g.reshape(shape), tuple(x.shape)),)


def summed_back_back(draw: Draw) -> Case:
    """A cotangent of the summed array, that, and its shape."""
    case = summed_back(draw)
    return case.with_inputs(draw.numbers(*case.inputs[1]), *case.inputs)


STRETCHING = (
    *with_pullback(
        "broadcast_to",
        stretched,
        broadcasting.broadcast_to_vjp,
        lambda x, shape: x.broadcast_to(shape),
        values={"NumPy": on_numpy(np.broadcast_to)},
    ),
    Subject(
        "unbroadcast",
        summed_back,
        referenced("unbroadcast"),
        {
            "NumPy, ours": on_numpy(broadcasting.unbroadcast),
            "PyTorch, ours": on_torch(broadcasting.unbroadcast),
            "PyTorch": on_torch(torchs_unbroadcast),
            "NumPy": on_numpy(numpys_unbroadcast),
        },
    ),
    Subject(
        "unbroadcast.pullback",
        summed_back_back,
        referenced("unbroadcast.pullback"),
        {"NumPy, ours": on_numpy(repeated), "PyTorch, ours": on_torch(repeated)},
    ),
)

SUMS = (*REDUCTIONS, *STRETCHING)
