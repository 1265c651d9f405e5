"""Mutants of the largest entry, and of where it is."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="selection")
_GITHUB = "https://github.com/"

_LARGER = "        larger = last[..., i] > best\n"

_ARGMAX = (
    _planted(
        "argmax-from-zero",
        "argmax",
        "what is largest so far begins with 0, which no negative entry exceeds",
        law="equals_the_oracle",
        shows="a row below 0",
        seen=f"{_GITHUB}NVIDIA/MatX/issues/197",
        edits={
            "    best = last[..., 0]\n": "    best = xp.zeros_like(last[..., 0])\n",
        },
    ),
    _planted(
        "argmax-of-magnitudes",
        "argmax",
        "signs are forgotten",
        law="is_exact_on_the_grid",
        shows="entries of both signs",
        seen=f"{_GITHUB}botkop/numsca/issues/3",
        edits={
            "last = xp.moveaxis(x, axis, -1)\n    best": (
                "last = xp.abs(xp.moveaxis(x, axis, -1))\n    best"
            )
        },
    ),
    _planted(
        "argmax-of-nearly-tied",
        "argmax",
        "what is larger by less than a millionth is no larger",
        law="equals_the_oracle",
        shows="two entries 1e-9 apart",
        edits={_LARGER: _LARGER.replace("> best", "> best + 1e-6")},
    ),
    _planted(
        "argmax-of-the-whole",
        "argmax",
        "indices are those of all entries together, one row after another",
        law="rows_are_independent",
        shows="two rows",
        seen=f"{_GITHUB}pytorch/pytorch/issues/38922",
        edits={
            "    return index": (
                "    rows = xp.reshape(index, (-1,))\n"
                "    starts = last.shape[-1] * xp.arange(rows.shape[0])\n"
                "    return xp.reshape(rows + starts, index.shape)"
            )
        },
    ),
    _planted(
        "argmax-of-the-last-axis-only",
        "argmax",
        "it is along the last axis, whichever was asked for",
        law="equals_the_oracle",
        verdict="MISPLACED",
        shows="an axis that is not the last",
        edits={
            "last = xp.moveaxis(x, axis, -1)\n    best": (
                "last = xp.moveaxis(x, axis, axis)\n    best"
            )
        },
    ),
    _planted(
        "argmax-axis-beyond-the-last",
        "argmax",
        "an axis that is not there wraps around to one that is",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="axis = 2 of two dimensions",
        edits={
            "last = xp.moveaxis(x, axis, -1)\n    best": (
                "last = xp.moveaxis(x, axis % x.ndim, -1)\n    best"
            )
        },
    ),
)

_MOST = "    return xp.max(x, axis=axis, keepdims=keepdims)"

_AMAX = (
    _planted(
        "amax-without-nan",
        "amax",
        "NaN is left out",
        law="equals_the_oracle",
        shows="NaN among numbers",
        seen=f"{_GITHUB}tensorflow/tensorflow/issues/13046",
        edits={
            _MOST: (
                "    return xp.fmax.reduce(\n"
                "        x, axis=_axes(x, axis), keepdims=keepdims\n"
                "    )\n\n\n"
                "def _axes(x: Array, axis: Any) -> Any:\n"
                "    return tuple(range(x.ndim)) if axis is None else axis"
            )
        },
    ),
    _planted(
        "amax-from-zero",
        "amax",
        "the largest so far begins with 0, which no negative entry exceeds",
        law="is_exact_on_the_grid",
        shows="a row below 0",
        edits={
            _MOST: ("    return xp.max(x, axis=axis, keepdims=keepdims, initial=0.0)")
        },
    ),
    _planted(
        "amax-of-one-is-a-view",
        "amax",
        "along a side of 1 the result is a view of the input",
        law="results_are_new",
        verdict="ALIASES",
        shows="a side of 1, axis=-1",
        edits={
            _MOST: (
                "    if axis == -1 and x.shape[-1] == 1:\n"
                "        return x if keepdims else x[..., 0]\n" + _MOST
            )
        },
    ),
    _planted(
        "amax-gradient-to-all-that-tie",
        "amax",
        "each of several that tie gets all of the cotangent",
        law="gradients_equal_the_oracle",
        shows="two entries that tie",
        seen=f"{_GITHUB}microsoft/onnxruntime/pull/7217",
        edits={
            "share = xp.reshape(g, most.shape) / ties": (
                "share = xp.reshape(g, most.shape)"
            )
        },
    ),
    _planted(
        "amax-gradient-to-none-that-tie",
        "amax",
        "entries that tie get nothing",
        law="gradients_equal_the_oracle",
        shows="two entries that tie",
        edits={
            "        return (xp.where(largest, share, 0.0),)": (
                "        return (xp.where(largest & (ties == 1), share, 0.0),)"
            )
        },
    ),
    _planted(
        "amax-gradient-of-the-last-axis",
        "amax",
        "the axis comes back as the last, wherever it was",
        law="gradients_equal_the_oracle",
        verdict="REFUSES",
        shows="axis=0: silent of a square",
        edits={
            "share = xp.reshape(g, most.shape) / ties": (
                "share = (g if keepdims else g[..., None]) / ties"
            )
        },
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_ARGMAX, *_AMAX)
