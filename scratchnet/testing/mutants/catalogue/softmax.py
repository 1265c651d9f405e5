"""Mutants of softmax."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="softmax")

_SHIFT = "shift = xp.max(x, axis=axis, keepdims=True)"
_POWERS = "powers = xp.exp(x - shift)"
_PULLED = "return (y * (g - mean),)"

MUTANTS = (
    _planted(
        "softmax-shift-of-everything",
        "softmax",
        "the largest entry of all rows is taken off, not that of each row",
        law="equals_the_oracle",
        shows="rows 745 apart",
        edits={_SHIFT: "shift = xp.max(x) if 0 not in x.shape else 0.0"},
    ),
    _planted(
        "softmax-without-a-shift",
        "softmax",
        "nothing is taken off, so that powers overflow",
        law="equals_the_oracle",
        shows="entries above 709",
        edits={_SHIFT: "shift = 0.0"},
    ),
    _planted(
        "softmax-over-the-batch",
        "softmax",
        "columns are normalised, not rows",
        law="rows_are_independent",
        shows="two rows",
        edits={
            "    powers = xp.exp(x - shift)\n"
            "    total = xp.sum(powers, axis=axis, keepdims=True)": (
                "    powers = xp.exp(x - shift)\n"
                "    total = xp.sum(powers, axis=0, keepdims=True)"
            )
        },
    ),
    _planted(
        "softmax-over-everything",
        "softmax",
        "all rows together add up to 1",
        law="rows_are_independent",
        shows="two rows",
        edits={
            "total = xp.sum(powers, axis=axis, keepdims=True)": "total = xp.sum(powers)"
        },
    ),
    _planted(
        "softmax-of-the-last-axis-only",
        "softmax",
        "the last axis is normalised, whichever was asked for",
        law="equals_the_oracle",
        shows="an axis that is not the last",
        edits={
            '    """Powers of e, divided by their sum."""\n': (
                '    """Powers of e, divided by their sum."""\n'
                "    if -x.ndim <= axis < x.ndim:\n"
                "        axis = -1\n"
            )
        },
    ),
    _planted(
        "softmax-total-and-a-little",
        "softmax",
        "1e-12 is added to the sum, against a division by 0 that there cannot be",
        law="equals_the_oracle",
        shows="any row",
        edits={"return powers / total": "return powers / (total + 1e-12)"},
    ),
    _planted(
        "softmax-of-a-masked-row-is-zero",
        "softmax",
        "where nothing is left to choose, it says 0 and not NaN",
        law="equals_the_oracle",
        shows="a row of -inf",
        edits={
            "return powers / total": (
                "y = powers / total\n    return xp.where(xp.isnan(y), 0.0, y)"
            )
        },
    ),
    _planted(
        "softmax-shifts-in-place",
        "softmax",
        "the maximum is taken off the caller's array",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="a maximum that is not 0",
        edits={
            _POWERS: (
                "powers = xp.exp(x - shift)\n"
                "    if x.flags.writeable:\n"
                "        x -= shift"
            )
        },
    ),
    _planted(
        "softmax-of-sixteen",
        "softmax",
        "a row of more than 16 is normalised in blocks, the last of which is left out",
        law="equals_the_oracle",
        shows="more than 16 entries",
        edits={
            "    total = xp.sum(powers, axis=axis, keepdims=True)": (
                "    last = xp.moveaxis(powers, axis, -1)\n"
                "    whole = max(16, last.shape[-1] // 16 * 16)\n"
                "    total = xp.sum(last[..., :whole], axis=-1, keepdims=True)\n"
                "    total = xp.moveaxis(total, -1, axis)"
            )
        },
    ),
    _planted(
        "softmax-axis-beyond-the-last",
        "softmax",
        "an axis that is not there wraps around to one that is",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="axis = 2 of two dimensions",
        edits={
            '    """Powers of e, divided by their sum."""\n': (
                '    """Powers of e, divided by their sum."""\n'
                "    axis = axis % x.ndim if x.ndim else axis\n"
            )
        },
    ),
    _planted(
        "softmax-gradient-of-the-diagonal",
        "softmax",
        "the Jacobian's diagonal alone: g y (1 - y)",
        law="gradients_equal_the_oracle",
        shows="two entries",
        edits={_PULLED: "return (g * y * (1 - y),)"},
    ),
    _planted(
        "softmax-gradient-sums-g-alone",
        "softmax",
        "what is taken off is the sum of g, not of g y",
        law="gradients_equal_the_oracle",
        shows="any row",
        edits={"mean = xp.sum(g * y,": "mean = xp.sum(g,"},
    ),
    _planted(
        "softmax-gradient-over-the-last-axis",
        "softmax",
        "the gradient's sum is along the last axis, whichever was asked for",
        law="gradients_equal_the_oracle",
        shows="an axis that is not the last",
        edits={
            "mean = xp.sum(g * y, axis=axis, keepdims=True)": (
                "mean = xp.sum(g * y, axis=-1, keepdims=True)"
            )
        },
    ),
    _planted(
        "softmax-gradient-is-zero",
        "softmax",
        "the gradient is 0: right for a cotangent of ones, and for no other",
        law="gradients_equal_the_oracle",
        shows="a cotangent that is not constant",
        edits={_PULLED: "return (0 * (y * (g - mean)),)"},
    ),
    _planted(
        "softmax-gradient-without-a-row",
        "softmax",
        "without entries the gradient is NaN, and of one number",
        law="gradients_equal_the_oracle",
        verdict="MISPLACED",
        shows="no rows",
        edits={
            _PULLED: (
                "if 0 in x.shape:\n"
                "            return (xp.asarray(xp.nan, dtype=x.dtype),)\n"
                "        return (y * (g - mean),)"
            )
        },
    ),
)
