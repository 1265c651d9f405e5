"""Mutants of cumulative sums and lookups; and those of maxima."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="selection")
_GITHUB = "https://github.com/"

_COPIED = "    sums = xp.asarray(x, copy=True)\n"
_ADDED = "        last[..., i] += last[..., i - 1]\n"
_TURNED = (
    "        back = cumsum(xp.flip(g, axis=axis), axis=axis)\n"
    "        return (xp.flip(back, axis=axis),)"
)

_CUMSUM = (
    _planted(
        "cumsum-without-itself",
        "cumsum",
        "each sum is without the entry itself",
        law="is_exact_on_the_grid",
        shows="an entry that is not 0",
        edits={"    return sums": "    return sums - x"},
    ),
    _planted(
        "cumsum-goes-on-in-the-next-row",
        "cumsum",
        "the sum of a row is carried to the next",
        law="rows_are_independent",
        shows="two rows",
        edits={"last = xp.moveaxis(sums, axis, -1)": "last = xp.reshape(sums, (-1,))"},
    ),
    _planted(
        "cumsum-in-place",
        "cumsum",
        "the caller's array is where it adds up, and is left like that",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="two entries",
        edits={
            _COPIED: "    sums = x if x.flags.writeable else xp.asarray(x, copy=True)\n"
        },
    ),
    _planted(
        "cumsum-in-blocks",
        "cumsum",
        "sums begin anew after 8 entries",
        law="equals_the_oracle",
        shows="more than 8 entries",
        edits={_ADDED: "        if i % 8:\n    " + _ADDED},
    ),
    _planted(
        "cumsum-gradient-forwards",
        "cumsum",
        "cotangents are added up from the first, not from the last",
        law="gradients_equal_the_oracle",
        shows="two entries",
        edits={_TURNED: "        return (cumsum(g, axis=axis),)"},
    ),
    _planted(
        "cumsum-gradient-turns-the-first-axis",
        "cumsum",
        "what is turned around is the first axis, whichever was asked for",
        law="gradients_equal_the_oracle",
        shows="two dimensions, axis=1",
        seen=f"{_GITHUB}columnflow/columnflow/pull/533",
        edits={
            _TURNED: _TURNED.replace("g, axis=axis)", "g, axis=0)").replace(
                "back, axis=axis)", "back, axis=0)"
            )
        },
    ),
)

_BEYOND = "    if xp.any(indices < 0) or xp.any(indices >= weight.shape[0]):\n"
_ROWS = "    rows = xp.take(weight, xp.reshape(indices, (-1,)), axis=0)"
_SUMMED = "            table[int(places[i]), :] += rows[i, :]\n"

_EMBEDDING = (
    _planted(
        "embedding-from-the-end",
        "embedding",
        "a negative index is the row so far from the end",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="an index of -1",
        edits={_BEYOND: _BEYOND.replace("indices < 0", "indices < -weight.shape[0]")},
    ),
    _planted(
        "embedding-of-the-nearest-row",
        "embedding",
        "an index beyond the last row, or before the first, is that of the nearest",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="an index that is the number of rows",
        seen=f"{_GITHUB}apache/mxnet/issues/8940",
        edits={
            _BEYOND: "    indices = xp.clip(indices, 0, weight.shape[0] - 1)\n"
            "    if 0 in weight.shape:\n"
        },
    ),
    _planted(
        "embedding-of-no-row-is-zero",
        "embedding",
        "an index that is that of no row gives zeros",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="an index that is the number of rows",
        seen=f"{_GITHUB}tinygrad/tinygrad/pull/5873",
        edits={
            _BEYOND: "    if 0 in weight.shape:\n",
            _ROWS: (
                "    flat = xp.reshape(indices, (-1, 1))\n"
                "    hot = flat == xp.arange(weight.shape[0])\n"
                "    kept = xp.where(hot[..., None], weight, 0.0)\n"
                "    rows = xp.sum(kept, axis=1)"
            ),
        },
    ),
    _planted(
        "embedding-of-truncated-numbers",
        "embedding",
        "indices that are no integers are cut to such",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="indices in float64",
        edits={
            '        raise ValueError("indices are integers")': (
                "        indices = xp.astype(indices, xp.int64)"
            )
        },
    ),
    _planted(
        "embedding-pads-with-the-first-row",
        "embedding",
        "row 0 is taken for padding and has no gradient",
        law="gradients_equal_the_oracle",
        shows="an index of 0",
        edits={
            "        return (table,)": (
                "        table[:1, :] = 0\n        return (table,)"
            )
        },
    ),
    _planted(
        "embedding-gradient-of-the-last-place",
        "embedding",
        "of a row that was taken twice the last cotangent counts alone",
        law="gradients_equal_the_oracle",
        shows="an index twice",
        seen=f"{_GITHUB}pytorch/pytorch/issues/1528",
        edits={_SUMMED: _SUMMED.replace("+=", "=")},
    ),
    _planted(
        "embedding-gradient-of-the-places",
        "embedding",
        "the gradient is that of the rows that were taken, not of the table",
        law="gradients_are_of_their_kind",
        verdict="MISPLACED",
        shows="not as many places as rows",
        edits={"        return (table,)": "        return (rows,)"},
    ),
    _planted(
        "embedding-gradient-in-one-table",
        "embedding",
        "all calls of the pullback add to one table",
        law="pullbacks_leave_memory_alone",
        verdict="ALIASES",
        shows="a second call",
        edits={
            "    places = xp.reshape(indices, (-1,))\n": (
                "    places = xp.reshape(indices, (-1,))\n"
                "    table = xp.zeros_like(weight)\n"
            ),
            "        table = xp.zeros_like(weight)\n": "",
        },
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_CUMSUM, *_EMBEDDING)
