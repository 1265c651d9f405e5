"""Mutants of standardizing with a mean and a deviation that are given."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="normalization")

_APPLIED = "    return (x - mean) / deviation"

MUTANTS = (
    _planted(
        "standardize-plus-1e-8",
        "standardize",
        "1e-8 is added to the deviation, so that it can be divided by",
        law="equals_the_oracle",
        shows="a small deviation",
        edits={_APPLIED: "    return (x - mean) / (deviation + 1e-8)"},
    ),
    _planted(
        "standardize-by-the-variance",
        "standardize",
        "what is divided by is the square of the deviation",
        law="equals_the_oracle",
        shows="a deviation other than 1",
        edits={_APPLIED: "    return (x - mean) / deviation**2"},
    ),
    _planted(
        "standardize-clips",
        "standardize",
        "what is more than 10 deviations away is cut to 10",
        law="equals_the_oracle",
        shows="numbers that are far from the mean",
        edits={
            _APPLIED: (
                "    xp = array_namespace(x)\n"
                "    return xp.clip((x - mean) / deviation, -10.0, 10.0)"
            )
        },
    ),
    _planted(
        "standardize-as-affine",
        "standardize",
        "it is x / deviation - mean / deviation, which cancels",
        law="equals_the_oracle",
        verdict="INACCURATE",
        shows="numbers near the mean",
        edits={_APPLIED: "    return x / deviation - mean / deviation"},
    ),
    _planted(
        "standardize-by-the-rows",
        "standardize",
        "the mean of the rows themselves is taken off first",
        law="rows_are_independent",
        shows="two rows",
        edits={
            _APPLIED: (
                "    xp = array_namespace(x)\n"
                "    rows = xp.mean(x, axis=tuple(range(x.ndim - 1)), keepdims=True)\n"
                "    return (x - rows - mean) / deviation"
            )
        },
    ),
    _planted(
        "standardize-cuts-to-whole-numbers",
        "standardize",
        "the result is of the dtype of x",
        law="integers_stand_for_numbers",
        verdict="MISPLACED",
        shows="integers",
        edits={
            _APPLIED: (
                "    xp = array_namespace(x)\n"
                "    return xp.astype((x - mean) / deviation, x.dtype)"
            )
        },
        seen="https://github.com/scikit-learn/scikit-learn/pull/2271",
    ),
    _planted(
        "standardize-by-a-whole-mean",
        "standardize",
        "the mean is cut to the dtype of x, and bytes wrap around",
        law="integers_stand_for_numbers",
        shows="integers",
        edits={
            _APPLIED: (
                "    xp = array_namespace(x)\n"
                "    return (x - xp.astype(mean, x.dtype)) / deviation"
            )
        },
    ),
    _planted(
        "standardize-writes-to-x",
        "standardize",
        "x itself is standardized, where it can be written to",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="x that can be written to",
        edits={
            _APPLIED: (
                "    y = (x - mean) / deviation\n"
                "    if x.flags.writeable:\n"
                "        x[...] = y\n"
                "    return y"
            )
        },
    ),
    _planted(
        "standardize-gradient-passed-on",
        "standardize",
        "the gradient is g: the division is forgotten",
        law="gradients_equal_the_oracle",
        shows="a deviation other than 1",
        edits={"lambda g: (g / deviation,)": "lambda g: (0 * x + g,)"},
    ),
    _planted(
        "standardize-gradient-writes-to-g",
        "standardize",
        "the cotangent is divided where it lies, if it can be",
        law="pullbacks_leave_memory_alone",
        verdict="MUTATES",
        shows="g that can be written to",
        edits={
            "    return standardize(x, mean, deviation), lambda g: (g / deviation,)": (
                "    def pullback(g: Array) -> tuple[Array]:\n"
                "        found = g / deviation\n"
                "        if g.flags.writeable:\n"
                "            g[...] = found\n"
                "        return (found,)\n\n"
                "    return standardize(x, mean, deviation), pullback"
            )
        },
    ),
)
