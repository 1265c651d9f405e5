"""Mutants of the logarithm of softmax, and of sums of powers."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="softmax")

_SHIFTED = "shifted = x - xp.max(x, axis=axis, keepdims=True)"
_LOGARITHM = "return shifted - xp.log(xp.sum(powers, axis=axis, keepdims=True))"
_BACK = "return (g - xp.exp(y) * summed,)"

_LOG_SOFTMAX = (
    _planted(
        "log-softmax-of-softmax",
        "log_softmax",
        "the logarithm of what may have become 0",
        law="equals_the_oracle",
        verdict="INACCURATE",
        shows="entries 745 apart",
        edits={
            _LOGARITHM: (
                "return xp.log(powers / xp.sum(powers, axis=axis, keepdims=True))"
            )
        },
    ),
    _planted(
        "log-softmax-without-a-shift",
        "log_softmax",
        "nothing is taken off, so that powers overflow",
        law="equals_the_oracle",
        shows="entries above 709",
        edits={_SHIFTED: "shifted = x - 0.0"},
    ),
    _planted(
        "log-softmax-shift-of-everything",
        "log_softmax",
        "the largest entry of all rows is taken off, not that of each row",
        law="equals_the_oracle",
        shows="rows 745 apart",
        edits={_SHIFTED: "shifted = x - (xp.max(x) if 0 not in x.shape else 0.0)"},
    ),
    _planted(
        "log-softmax-of-a-sum-and-a-little",
        "log_softmax",
        "1e-12 is added before the logarithm",
        law="equals_the_oracle",
        shows="any row",
        edits={
            _LOGARITHM: (
                "total = xp.sum(powers, axis=axis, keepdims=True)\n"
                "    return shifted - xp.log(total + 1e-12)"
            )
        },
    ),
    _planted(
        "log-softmax-over-the-batch",
        "log_softmax",
        "columns are normalised, not rows",
        law="rows_are_independent",
        shows="two rows",
        edits={
            _LOGARITHM: "return shifted - xp.log(xp.sum(powers, axis=0, keepdims=True))"
        },
    ),
    _planted(
        "log-softmax-of-finite-powers",
        "log_softmax",
        "entries of -inf are made -1e9, so that a masked one has a probability",
        law="equals_the_oracle",
        shows="-inf",
        edits={
            _SHIFTED: (
                "x = xp.where(x == -xp.inf, -1e9, x)\n"
                "    shifted = x - xp.max(x, axis=axis, keepdims=True)"
            )
        },
    ),
    _planted(
        "log-softmax-gradient-without-the-sum",
        "log_softmax",
        "the sum of g is forgotten",
        law="gradients_equal_the_oracle",
        shows="g that does not add up to 1",
        edits={_BACK: "return (g - xp.exp(y) * g,)"},
    ),
    _planted(
        "log-softmax-gradient-of-the-logits",
        "log_softmax",
        "e^x for softmax(x), which overflows where it does not",
        law="gradients_equal_the_oracle",
        shows="any row",
        edits={_BACK: "return (g - xp.exp(x) * summed,)"},
    ),
    _planted(
        "log-softmax-gradient-a-little-large",
        "log_softmax",
        "the gradient is 1.0005 times as large",
        law="pullbacks_are_derivatives",
        shows="any row",
        edits={_BACK: "return ((g - xp.exp(y) * summed) * 1.0005,)"},
    ),
    _planted(
        "log-softmax-gradient-a-view",
        "log_softmax",
        "the gradient is written to the caller's cotangent, and is a view of it",
        law="pullbacks_leave_memory_alone",
        verdict="ALIASES",
        shows="a cotangent that can be written to",
        edits={
            _BACK: (
                "if not g.flags.writeable or x.shape != g.shape:\n"
                "            return (g - xp.exp(y) * summed,)\n"
                "        g -= xp.exp(y) * summed\n"
                "        return (g,)"
            )
        },
    ),
)

_TOTAL = "total = xp.sum(xp.exp(x - finite), axis=axis, keepdims=keepdims)"

_LOGSUMEXP = (
    _planted(
        "logsumexp-without-a-shift",
        "logsumexp",
        "nothing is taken off, so that powers overflow",
        law="equals_the_oracle",
        shows="entries above 709",
        edits={
            "finite = xp.where(xp.isfinite(most), most, xp.zeros_like(most))": (
                "finite = xp.zeros_like(most)"
            )
        },
    ),
    _planted(
        "logsumexp-of-nothing-but-minus-infinity",
        "logsumexp",
        "-inf is taken off -inf, which is no number",
        law="equals_the_oracle",
        shows="a row of -inf",
        edits={
            "finite = xp.where(xp.isfinite(most), most, xp.zeros_like(most))": (
                "finite = most"
            )
        },
    ),
    _planted(
        "logsumexp-keeps-dimensions",
        "logsumexp",
        "the axis stays, whether it was to or not",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        shows="keepdims=False",
        edits={_TOTAL: _TOTAL.replace("keepdims=keepdims", "keepdims=True")},
    ),
    _planted(
        "logsumexp-of-means",
        "logsumexp",
        "the mean of powers, not their sum",
        law="equals_the_oracle",
        shows="two entries",
        edits={_TOTAL: _TOTAL.replace("xp.sum", "xp.mean")},
    ),
    _planted(
        "logsumexp-and-a-little",
        "logsumexp",
        "1e-12 is added before the logarithm",
        law="equals_the_oracle",
        shows="a maximum near 0",
        edits={"return xp.log(total)": "return xp.log(total + 1e-12)"},
    ),
)

MUTANTS = (*_LOG_SOFTMAX, *_LOGSUMEXP)
