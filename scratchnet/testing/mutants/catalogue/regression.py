"""Mutants of losses of pairs of numbers."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="regression")
_GITHUB = "https://github.com/"

_COSTS = "    costs = xp.maximum(x, xp.zeros_like(x)) - x * t + softened\n"
_MEAN = "    return xp.sum(costs) / _count(costs)"
_SIGMOID = "    p = xp.exp(-xp.logaddexp(xp.zeros_like(x), -x))\n"
_BACK = "        return share * (p - t), -share * x"

_BINARY = (
    _planted(
        "bce-of-probabilities-that-saturate",
        "binary_cross_entropy",
        "logarithms of sigmoid and of the rest to 1, of which one becomes 0",
        law="equals_the_oracle",
        shows="x above 37",
        seen=f"{_GITHUB}huggingface/candle/issues/2561",
        edits={
            _COSTS: _SIGMOID
            + "    costs = -t * xp.log(p) - (1 - t) * xp.log(1 - p) + 0 * softened\n"
        },
    ),
    _planted(
        "bce-clips-unevenly",
        "binary_cross_entropy",
        "probabilities are kept from 1e-7 to 0.999",
        law="equals_the_oracle",
        shows="x = 8",
        edits={
            _COSTS: _SIGMOID + "    p = xp.clip(p, 1e-7, 0.999) + 0 * softened\n"
            "    costs = -t * xp.log(p) - (1 - t) * xp.log1p(-p)\n"
        },
    ),
    _planted(
        "bce-overflows",
        "binary_cross_entropy",
        "softplus is the logarithm of 1 + e^x, which overflows",
        law="equals_the_oracle",
        shows="x above 709",
        edits={
            _COSTS: "    costs = xp.log1p(xp.exp(x)) - x * t + 0 * softened\n",
        },
    ),
    _planted(
        "bce-softens-without-log1p",
        "binary_cross_entropy",
        "the logarithm of 1 + e^-|x|, which loses the digits of the power",
        law="equals_the_oracle",
        shows="x of 10 to 37, t = 1",
        edits={"xp.log1p(xp.exp(-xp.abs(x)))": "xp.log(1 + xp.exp(-xp.abs(x)))"},
    ),
    _planted(
        "bce-targets-are-classes",
        "binary_cross_entropy",
        "a target is 0 or 1, whichever is nearer",
        law="equals_the_oracle",
        shows="t = 0.25",
        edits={_COSTS: ("    t = xp.astype(t > 0.5, x.dtype)\n" + _COSTS)},
    ),
    _planted(
        "bce-mean-over-rows",
        "binary_cross_entropy",
        "the mean divides by the number of rows, not of entries",
        law="equals_the_oracle",
        shows="two columns",
        edits={
            _MEAN: (
                "    rows = costs.shape[0] if costs.ndim else 1\n"
                "    return xp.sum(costs) / xp.asarray(rows, dtype=costs.dtype)"
            )
        },
    ),
    _planted(
        "bce-gradient-through-sigmoid",
        "binary_cross_entropy",
        "(p - t) / (p (1 - p)) times p (1 - p), of which one may be 0",
        law="gradients_equal_the_oracle",
        shows="x above 37",
        seen=f"{_GITHUB}tiny-dnn/tiny-dnn/issues/410",
        edits={
            _BACK: (
                "        slope = p * (1 - p)\n"
                "        return share * ((p - t) / slope * slope), -share * x"
            )
        },
    ),
    _planted(
        "bce-gradient-of-targets-of-the-other-sign",
        "binary_cross_entropy",
        "the gradient of targets is that of what they are taken off",
        law="gradients_equal_the_oracle",
        shows="x not 0",
        edits={_BACK: "        return share * (p - t), share * x"},
    ),
)

_SQUARED = "    return _reduced(apart * apart, reduction)"
_SLOPE = "        slope = _share(g, x, reduction) * (2 * (x - t))\n"

_MSE = (
    _planted(
        "mse-halved",
        "mse",
        "half of the squares, so that the gradient has no 2",
        law="equals_the_oracle",
        shows="x not t",
        edits={_SQUARED: "    return _reduced(0.5 * apart * apart, reduction)"},
    ),
    _planted(
        "mse-cancels",
        "mse",
        "x^2 - 2 x t + t^2, which loses all digits where x is near t",
        law="equals_the_oracle",
        shows="x near t, both large",
        edits={_SQUARED: "    return _reduced(x * x - 2 * x * t + t * t, reduction)"},
    ),
    _planted(
        "mse-to-the-shorter",
        "mse",
        "rows without a target are left out",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="two rows and three targets",
        edits={
            "    _require_alike(x, t)\n    apart = x - t": (
                "    if x.ndim and t.ndim:\n"
                "        rows = min(x.shape[0], t.shape[0])\n"
                "        x, t = x[:rows, ...], t[:rows, ...]\n"
                "    apart = x - t"
            )
        },
    ),
    _planted(
        "mse-of-nothing-is-zero",
        "mse",
        "without rows the mean is 0 and not NaN",
        law="equals_the_oracle",
        shows="no rows",
        edits={_MEAN: "    return xp.sum(costs) / max(_count(costs), 1)"},
    ),
    _planted(
        "mse-in-double-precision",
        "mse",
        "the mean is in float64, whatever the input was",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        shows="float32, reduction='mean'",
        target="numpy:float32",
        edits={_MEAN: "    return xp.sum(costs, dtype=xp.float64) / _count(costs)"},
    ),
    _planted(
        "mse-differences-in-place",
        "mse",
        "targets are taken off the caller's predictions",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="t not 0",
        edits={
            "    apart = x - t\n    return": (
                "    apart = x - t\n"
                "    if x.flags.writeable:\n"
                "        x -= t\n"
                "    return"
            )
        },
    ),
    _planted(
        "mse-gradient-without-the-two",
        "mse",
        "the gradient is that of half of the squares",
        law="gradients_equal_the_oracle",
        shows="x not t",
        edits={"(2 * (x - t))": "(x - t)"},
    ),
    _planted(
        "mse-gradient-of-the-sum",
        "mse",
        "the gradient of a mean is not divided",
        law="gradients_equal_the_oracle",
        shows="two entries, reduction='mean'",
        edits={_SLOPE: "        slope = g * (2 * (x - t))\n"},
    ),
    _planted(
        "mse-gradient-twice-the-same",
        "mse",
        "the gradient of targets is that of predictions",
        law="pullbacks_leave_memory_alone",
        verdict="ALIASES",
        shows="any",
        edits={
            _SLOPE + "        return slope, -slope": (
                _SLOPE + "        return slope, slope"
            )
        },
    ),
)

_FAR = "d - 0.5 * beta)"
_SMOOTH_L1 = (
    _planted(
        "smooth-l1-of-huber",
        "smooth_l1",
        "it is not divided by beta: Huber's loss",
        law="equals_the_oracle",
        shows="beta not 1",
        seen=f"{_GITHUB}keras-team/keras-cv/issues/920",
        edits={
            "xp.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta)": (
                "xp.where(d < beta, 0.5 * d * d, beta * (d - 0.5 * beta))"
            )
        },
    ),
    _planted(
        "smooth-l1-jumps",
        "smooth_l1",
        "what is taken off is 0.5, whatever beta is, so that there is a step",
        law="equals_the_oracle",
        shows="beta not 1, x far from t",
        seen=f"{_GITHUB}pytorch/pytorch/pull/17447",
        edits={_FAR: "d - 0.5)"},
    ),
    _planted(
        "smooth-l1-of-signed-differences",
        "smooth_l1",
        "a difference far below 0 is taken for a small one",
        law="equals_the_oracle",
        shows="x below t by more than beta",
        seen=f"{_GITHUB}BobMcDear/attorch/issues/13",
        edits={"xp.where(d < beta, 0.5": "xp.where(x - t < beta, 0.5"},
    ),
    _planted(
        "smooth-l1-gradient-without-beta",
        "smooth_l1",
        "near the target the gradient is the difference, whatever beta is",
        law="gradients_equal_the_oracle",
        shows="beta not 1, x near t",
        edits={"apart / beta, xp.sign": "apart, xp.sign"},
    ),
)

_PROBABLE = (
    _planted(
        "bce-of-probabilities-zero-times-infinity",
        "bce_of_probabilities",
        "where a certain prediction is right, 0 times infinity makes NaN",
        law="equals_the_oracle",
        verdict="INACCURATE",
        shows="p = t = 0",
        seen=f"{_GITHUB}tiny-dnn/tiny-dnn/issues/410",
        edits={
            "xp.where(t == 0, xp.zeros_like(p), t * xp.log(p))": "t * xp.log(p)",
            "xp.where(t == 1, xp.zeros_like(p), (1 - t) * xp.log1p(-p))": (
                "(1 - t) * xp.log1p(-p)"
            ),
        },
    ),
    _planted(
        "bce-of-probabilities-and-a-little",
        "bce_of_probabilities",
        "1e-6 is added before each logarithm",
        law="equals_the_oracle",
        shows="any p",
        seen=f"{_GITHUB}gorgonia/gorgonia/pull/536",
        edits={
            "t * xp.log(p))": "t * xp.log(p + 1e-6))",
            "(1 - t) * xp.log1p(-p))\n    return": (
                "(1 - t) * xp.log(1.000001 - p))\n    return"
            ),
        },
    ),
    _planted(
        "bce-of-probabilities-gradient-of-the-hit",
        "bce_of_probabilities",
        "the gradient is that of -t log(p), without the other term",
        law="gradients_equal_the_oracle",
        shows="t below 1",
        edits={"share * ((p - t) / (p * (1 - p)))": "share * (-t / p)"},
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_BINARY, *_MSE, *_SMOOTH_L1, *_PROBABLE)
