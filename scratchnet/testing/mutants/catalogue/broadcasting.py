"""Mutants of broadcasting."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="broadcasting")

_SUMMED = "        total = xp.sum(total, axis=axis, dtype=g.dtype)"
_ORDERED = "    for axis in reversed([*range(added), *ones]):"
_LOOKED_UP = "xp.take(xp.reshape(x, (-1,)), places)"

_BROADCAST_TO = (
    _planted(
        "broadcast-to-column-major",
        "broadcast_to",
        "strides are counted from the first axis on, not from the last",
        law="equals_the_oracle",
        shows="two sides that are not 1",
        edits={
            "        stride *= side": "        stride = prod(sides[: -after - 2])",
            "    stride = 1": "    stride = prod(sides[:-1])",
            "from typing import Any": "from math import prod\nfrom typing import Any",
        },
    ),
    _planted(
        "broadcast-to-strides-of-the-result",
        "broadcast_to",
        "strides are those of the wide array, and beyond the end of memory 0 is read",
        law="equals_the_oracle",
        shows="a side of 1 that is stretched after one that is not 1",
        edits={
            "        stride *= side": "        stride *= shape[-after - 1]",
            _LOOKED_UP: (
                "xp.take(xp.concat([xp.reshape(x, (-1,)), xp.zeros(1, dtype=x.dtype)]),"
                " xp.minimum(places, xp.asarray(x.size)))"
            ),
        },
    ),
    _planted(
        "broadcast-to-the-larger-side",
        "broadcast_to",
        "a side is the larger of the two, so that 0 becomes 1",
        law="equals_the_oracle",
        verdict="MISPLACED",
        shows="a side of 1 that is stretched to 0",
        edits={
            "    _require_stretch(tuple(x.shape), shape)\n    places": (
                "    _require_stretch(tuple(x.shape), shape)\n"
                "    sides = (1,) * (len(shape) - x.ndim) + tuple(x.shape)\n"
                "    shape = tuple(map(max, sides, shape))\n"
                "    places"
            )
        },
        seen="https://github.com/helmholtz-analytics/heat/issues/891",
    ),
    _planted(
        "broadcast-to-tiles",
        "broadcast_to",
        "whatever divides a side is repeated, not only 1",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="a side of 2 for one of 4",
        edits={
            "if old not in (1, new):": "if old != new and (not old or new % old):",
            "        if side != 1:\n": "        if side != 1:\n"
            "            wide = shape[-after - 1]\n",
            "index = xp.arange(side, dtype=xp.int64)": (
                "index = xp.arange(wide, dtype=xp.int64) % side"
            ),
            "xp.reshape(index, (side, *": "xp.reshape(index, (wide, *",
        },
    ),
    _planted(
        "broadcast-to-drops-dimensions",
        "broadcast_to",
        "an array of more dimensions is taken as well, if they are of side 1",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="a shape without the first dimension",
        edits={
            "    _require_stretch(tuple(x.shape), shape)\n    places": (
                "    while x.ndim > len(shape) and x.shape[0] == 1:\n"
                "        x = x[0, ...]\n"
                "    _require_stretch(tuple(x.shape), shape)\n"
                "    places"
            )
        },
    ),
    _planted(
        "broadcast-to-gradient-of-one-copy",
        "broadcast_to",
        "the gradient is that of the first copy, not the sum over all",
        law="gradients_equal_the_oracle",
        shows="any stretched side",
        edits={
            _SUMMED: (
                "        first = (*(slice(None),) * axis, slice(1), ...)\n"
                "        total = xp.sum(total[first], axis=axis)"
            )
        },
    ),
    _planted(
        "broadcast-to-gradient-stays-wide",
        "broadcast_to",
        "the gradient keeps the shape of the result",
        law="gradients_are_of_their_kind",
        verdict="MISPLACED",
        shows="any stretched side",
        edits={"(unbroadcast(g, sides),)": "(array_namespace(g).asarray(g) + 0.0,)"},
        seen="https://github.com/pytorch/pytorch/issues/1787",
    ),
    _planted(
        "broadcast-to-gradient-is-the-cotangent",
        "broadcast_to",
        "where nothing was stretched, the gradient is the caller's array",
        law="pullbacks_leave_memory_alone",
        verdict="ALIASES",
        shows="no stretched side",
        edits={
            "    total = xp.asarray(g, copy=True)": (
                "    if tuple(g.shape) == shape:\n"
                "        return g\n"
                "    total = xp.asarray(g, copy=True)"
            )
        },
    ),
)

_UNBROADCAST = (
    _planted(
        "unbroadcast-aligned-from-the-left",
        "unbroadcast",
        "missing dimensions are taken to be the last ones",
        law="equals_the_oracle",
        verdict="MISPLACED",
        shows="the first dimension missing",
        edits={
            "[added + i for i, side": "[i for i, side",
            _ORDERED: "    for axis in reversed([*ones, *range(len(shape), g.ndim)]):",
            "    return xp.reshape(total, shape)": (
                "    sides = (1 if side == 1 else g.shape[i]"
                " for i, side in enumerate(shape))\n"
                "    return xp.reshape(total, tuple(sides))"
            ),
        },
    ),
    _planted(
        "unbroadcast-only-added-dimensions",
        "unbroadcast",
        "of inner sides that were stretched from 1 the first entry is kept",
        law="equals_the_oracle",
        shows="an inner side of 1 that was stretched",
        edits={
            _SUMMED: (
                "        inner = (*(slice(None),) * axis, 0, ...)\n"
                "        total = xp.sum(total, axis=axis) if axis < added else "
                "total[inner]"
            )
        },
        seen="https://github.com/deeplearning4j/nd4j/issues/2424",
    ),
    _planted(
        "unbroadcast-forwards",
        "unbroadcast",
        "axes are summed from the first one on, and later ones have moved by then",
        law="equals_the_oracle",
        verdict="REFUSES",
        shows="two stretched axes",
        edits={_ORDERED: "    for axis in [*range(added), *ones]:"},
        seen="https://github.com/HomericIntelligence/Odyssey/pull/2080",
    ),
    _planted(
        "unbroadcast-takes-the-mean",
        "unbroadcast",
        "what was stretched is averaged, not summed",
        law="equals_the_oracle",
        shows="a stretched side of 2",
        edits={_SUMMED: "        total = xp.mean(total, axis=axis)"},
    ),
    _planted(
        "unbroadcast-in-single-precision",
        "unbroadcast",
        "sums are made in float32",
        law="equals_the_oracle",
        shows="numbers of more than 24 bits",
        edits={
            _SUMMED: (
                "        total = xp.sum(total, axis=axis, dtype=xp.float32)\n"
                "        total = xp.astype(total, g.dtype)"
            )
        },
    ),
    _planted(
        "unbroadcast-of-nothing-is-nothing",
        "unbroadcast",
        "a sum over no entries is NaN, not 0",
        law="equals_the_oracle",
        shows="a side of 1 that was stretched to 0",
        edits={
            "    return xp.reshape(total, shape)": (
                "    total = total if g.size else xp.full_like(total, xp.nan)\n"
                "    return xp.reshape(total, shape)"
            )
        },
    ),
    _planted(
        "unbroadcast-cuts-to-fit",
        "unbroadcast",
        "of a side that is too long the first entries are taken",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="a last side of another size",
        edits={
            "    _require_stretch(shape, tuple(g.shape))": (
                "    if shape and 1 < shape[-1] < g.shape[-1]:\n"
                "        g = g[..., : shape[-1]]\n"
                "    shape = (*shape[:-1], *(min(side, g.shape[-1])"
                " for side in shape[-1:]))\n"
                "    _require_stretch(shape, tuple(g.shape))"
            )
        },
    ),
    _planted(
        "unbroadcast-gradient-at-the-first-entry",
        "unbroadcast",
        "the gradient goes to the first of those that were summed, others have 0",
        law="gradients_equal_the_oracle",
        shows="a stretched side of 2",
        edits={
            "lambda t: (broadcast_to(t, wide),)": "lambda t: (_first(t, wide),)",
            "def unbroadcast_vjp(": (
                "def _first(t: Array, wide: Shape) -> Array:\n"
                "    xp = array_namespace(t)\n"
                "    y = xp.zeros(wide, dtype=t.dtype)\n"
                "    if y.size:\n"
                "        y[(0,) * (y.ndim - t.ndim) + tuple(slice(side)"
                " for side in t.shape)] = t\n"
                "    return y\n\n\n"
                "def unbroadcast_vjp("
            ),
        },
    ),
    _planted(
        "unbroadcast-gradient-is-a-view",
        "unbroadcast",
        "the gradient is the caller's array, seen with strides of 0",
        law="pullbacks_leave_memory_alone",
        verdict="ALIASES",
        shows="any cotangent",
        edits={
            "lambda t: (broadcast_to(t, wide),)": (
                "lambda t: (array_namespace(t).broadcast_to(t, wide),)"
            )
        },
    ),
    _planted(
        "unbroadcast-gradient-shares-among-rows",
        "unbroadcast",
        "the gradient is divided among those that were summed",
        law="pullbacks_are_derivatives",
        shows="a stretched side of 2",
        edits={
            "lambda t: (broadcast_to(t, wide),)": (
                "lambda t: (broadcast_to(t, wide) * (t.size / max(1, g.size)),)"
            )
        },
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_BROADCAST_TO, *_UNBROADCAST)
