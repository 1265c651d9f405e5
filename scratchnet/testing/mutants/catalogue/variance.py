"""Mutants of variances and standard deviations."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="normalization")

_MEAN = "    distance = x - xp.mean(x, axis=axis, keepdims=True)\n"
_SQUARES = "    squares = xp.sum(distance * distance, axis=axis, keepdims=keepdims)\n"
_DIVIDED = "    return squares / (_count(x, axis) - correction)"
_ROOT = "    return array_namespace(x).sqrt(squared)"

_VAR = (
    _planted(
        "var-in-one-pass",
        "var",
        "it is the mean of the squares less the square of the mean",
        law="equals_the_oracle",
        verdict="INACCURATE",
        shows="a mean that is large beside the deviation",
        edits={
            _DIVIDED: (
                "    n, over = _count(x, axis), {'axis': axis, 'keepdims': keepdims}\n"
                "    squares = xp.sum(x * x, **over) - n * xp.mean(x, **over) ** 2\n"
                f"{_DIVIDED}"
            )
        },
        seen="https://github.com/meta-pytorch/tnt/issues/47",
    ),
    _planted(
        "var-always-of-the-population",
        "var",
        "the correction is ignored",
        law="equals_the_oracle",
        shows="correction=1",
        edits={_DIVIDED: "    return squares / _count(x, axis)"},
    ),
    _planted(
        "var-counts-the-last-axis",
        "var",
        "it is divided by the length of the last axis, whichever it is over",
        law="equals_the_oracle",
        shows="axis=0 of sides that differ",
        edits={_DIVIDED: "    return squares / (x.shape[-1] - correction)"},
    ),
    _planted(
        "var-takes-axis-0-for-none",
        "var",
        "the mean along axis 0 is that over all axes, as 0 counts as false",
        law="equals_the_oracle",
        shows="axis=0 of two axes",
        edits={_MEAN: _MEAN.replace("axis=axis", "axis=axis or None")},
    ),
    _planted(
        "var-drops-axes",
        "var",
        "keepdims is ignored",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        shows="keepdims=True",
        edits={_SQUARES: _SQUARES.replace("keepdims=keepdims", "keepdims=False")},
    ),
    _planted(
        "var-takes-nan-for-0",
        "var",
        "NaN counts as 0",
        law="equals_the_oracle",
        shows="NaN",
        edits={_MEAN: f"    x = xp.where(xp.isnan(x), xp.zeros_like(x), x)\n{_MEAN}"},
    ),
    _planted(
        "var-gradient-halved",
        "var",
        "the 2 of the square is forgotten",
        law="gradients_equal_the_oracle",
        shows="any gradient",
        edits={"2 * wide * (x - mean) / left": "wide * (x - mean) / left"},
    ),
    _planted(
        "var-gradient-of-the-population",
        "var",
        "the correction is ignored on the way back",
        law="pullbacks_are_derivatives",
        shows="correction=1",
        edits={"    left = _count(x, axis) - correction": "    left = _count(x, axis)"},
    ),
    _planted(
        "var-gradient-of-the-raw-moment",
        "var",
        "the gradient is that of the mean of squares: the mean is not taken off",
        law="gradients_equal_the_oracle",
        shows="a mean other than 0",
        edits={"2 * wide * (x - mean) / left": "2 * wide * x / left"},
    ),
)

_STD = (
    _planted(
        "std-a-little-above-0",
        "std",
        "1e-12 is added inside of the root, so that it has a slope at 0",
        law="equals_the_oracle",
        shows="a small deviation",
        edits={_ROOT: "    return array_namespace(x).sqrt(squared + 1e-12)"},
    ),
    _planted(
        "std-plus-1e-7",
        "std",
        "1e-7 is added, so that it can be divided by",
        law="equals_the_oracle",
        shows="any deviation",
        edits={_ROOT: "    return array_namespace(x).sqrt(squared) + 1e-7"},
    ),
    _planted(
        "std-in-one-pass",
        "std",
        "it is the root of what may have been rounded below 0",
        law="equals_the_oracle",
        verdict="INACCURATE",
        shows="a mean that is large beside the deviation",
        edits={
            _DIVIDED: (
                "    n, over = _count(x, axis), {'axis': axis, 'keepdims': keepdims}\n"
                "    squares = xp.sum(x * x, **over) - n * xp.mean(x, **over) ** 2\n"
                f"{_DIVIDED}"
            )
        },
        seen="https://github.com/ggml-org/llama.cpp/issues/24951",
    ),
    _planted(
        "std-corrects-twice",
        "std",
        "of a sample n - 2 is divided by",
        law="equals_the_oracle",
        shows="correction=1",
        edits={_DIVIDED: "    return squares / (_count(x, axis) - 2 * correction)"},
    ),
    _planted(
        "std-of-each-axis",
        "std",
        "over several axes each row has a mean of its own",
        law="equals_the_oracle",
        shows="two axes at once",
        edits={
            _MEAN: (
                "    inner = axis[-1] if isinstance(axis, tuple) else axis\n"
                "    distance = x - xp.mean(x, axis=inner, keepdims=True)\n"
            )
        },
    ),
    _planted(
        "std-gradient-doubled",
        "std",
        "the half of the root is forgotten",
        law="pullbacks_are_derivatives",
        shows="any gradient",
        edits={
            "wide * (x - center) / (divisor * size)": (
                "2 * wide * (x - center) / (divisor * size)"
            )
        },
    ),
    _planted(
        "std-gradient-kept-from-0",
        "std",
        "1e-8 is added to what the gradient is divided by",
        law="gradients_equal_the_oracle",
        shows="any gradient",
        edits={"(divisor * size)": "(divisor * size + 1e-8)"},
    ),
)

MUTANTS = (*_VAR, *_STD)
