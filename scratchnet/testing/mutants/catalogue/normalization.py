"""Mutants of what normalizes: layer and batch normalization, and what they rest on."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="normalization")

_VARIANCE = "    variance = xp.mean(centered * centered, axis=axis, keepdims=True)\n"
_SCALE = "    scale = 1 / xp.sqrt(variance + eps)\n"
_WIDE = "    return scale * (h - mean - normal * share)"
_ROW = "    row, _ = _normalized(x, eps, -1)\n"
_COLUMN = "    column, _ = _normalized(x, eps, 0)\n"
_CHECK = "    if not x.shape[-1:] == weight.shape == bias.shape:\n"
_OF_ROW = "        return dx, _over_rows(g * row), _over_rows(g)"
_OF_COLUMN = "        return dx, _over_rows(g * column), _over_rows(g)"

_LAYER = (
    _planted(
        "layer-norm-of-a-sample",
        "layer_norm",
        "the variance is divided by n - 1",
        law="equals_the_oracle",
        shows="two features",
        edits={
            _SCALE: (
                "    n = x.shape[axis]\n"
                "    variance = variance * n / max(n - 1, 1)\n"
                f"{_SCALE}"
            )
        },
        seen="https://github.com/harvardnlp/annotated-transformer/pull/119",
    ),
    _planted(
        "layer-norm-eps-outside",
        "layer_norm",
        "eps is added to the root, not inside of it",
        law="equals_the_oracle",
        shows="any row",
        edits={_SCALE: "    scale = 1 / (xp.sqrt(variance) + eps)\n"},
        seen="https://github.com/Tencent/ncnn/pull/311",
    ),
    _planted(
        "layer-norm-eps-of-its-own",
        "layer_norm",
        "eps is 1e-5, whatever was asked for",
        law="equals_the_oracle",
        shows="another eps",
        edits={_ROW: "    row, _ = _normalized(x, 1e-5, -1)\n"},
    ),
    _planted(
        "layer-norm-in-one-pass",
        "layer_norm",
        "the variance is the mean of the squares less the square of the mean",
        law="equals_the_oracle",
        verdict="INACCURATE",
        shows="a mean that is large beside the deviation",
        edits={
            _VARIANCE: (
                "    mean = xp.mean(x, axis=axis, keepdims=True)\n"
                "    variance = xp.mean(x * x, axis=axis, keepdims=True) - mean**2\n"
            )
        },
    ),
    _planted(
        "layer-norm-of-everything",
        "layer_norm",
        "all rows share a variance",
        law="rows_are_independent",
        shows="two rows",
        edits={_VARIANCE: "    variance = xp.mean(centered * centered)\n"},
    ),
    _planted(
        "layer-norm-moves-first",
        "layer_norm",
        "the bias is added before the weight is multiplied",
        law="equals_the_oracle",
        shows="a bias and a weight other than 1",
        edits={"row * weight + bias": "(row + bias) * weight"},
    ),
    _planted(
        "layer-norm-gradient-of-a-constant-mean",
        "layer_norm",
        "on the way back the mean is a constant",
        law="gradients_equal_the_oracle",
        shows="two features",
        edits={_WIDE: "    return scale * (h - 0 * mean - normal * share)"},
    ),
    _planted(
        "layer-norm-gradient-of-a-constant-deviation",
        "layer_norm",
        "on the way back the deviation is a constant",
        law="pullbacks_are_derivatives",
        shows="two features",
        edits={_WIDE: "    return scale * (h - mean - 0 * normal * share)"},
    ),
    _planted(
        "layer-norm-weight-by-the-mean",
        "layer_norm",
        "the gradient of the weight is the mean over the rows, not the sum",
        law="gradients_equal_the_oracle",
        shows="two rows",
        edits={
            _OF_ROW: (
                "        rows = max(g.size // g.shape[-1], 1)\n"
                "        return dx, _over_rows(g * row) / rows, _over_rows(g)"
            )
        },
    ),
    _planted(
        "layer-norm-bias-for-each-row",
        "layer_norm",
        "the gradient of the bias is not summed over the rows",
        law="gradients_are_of_their_kind",
        verdict="MISPLACED",
        shows="a row in a batch",
        edits={_OF_ROW: "        return dx, _over_rows(g * row), 1 * g"},
    ),
)

_BATCH = (
    _planted(
        "batch-norm-of-each-row",
        "batch_norm",
        "each row has a mean and a variance, not each feature",
        law="equals_the_oracle",
        shows="two features",
        edits={_COLUMN: "    column, _ = _normalized(x, eps, -1)\n"},
    ),
    _planted(
        "batch-norm-of-a-sample",
        "batch_norm",
        "the variance is divided by n - 1",
        law="equals_the_oracle",
        shows="two rows",
        edits={
            _SCALE: (
                "    n = x.shape[axis]\n"
                "    variance = variance * n / max(n - 1, 1)\n"
                f"{_SCALE}"
            )
        },
    ),
    _planted(
        "batch-norm-squares",
        "batch_norm",
        "the square stands where the root should",
        law="equals_the_oracle",
        shows="a variance other than 1",
        edits={_SCALE: "    scale = 1 / (variance + eps) ** 2\n"},
        seen="https://github.com/jax-ml/jax/issues/442",
    ),
    _planted(
        "batch-norm-eps-as-a-least",
        "batch_norm",
        "eps is the least variance, and not added",
        law="equals_the_oracle",
        shows="a variance above eps",
        edits={
            _SCALE: (
                "    least = xp.where(variance < eps, 0 * variance + eps, variance)\n"
                "    scale = 1 / xp.sqrt(least)\n"
            )
        },
        seen="https://github.com/vacancy/Synchronized-BatchNorm-PyTorch/issues/43",
    ),
    _planted(
        "batch-norm-forgets-eps",
        "batch_norm",
        "eps is left out",
        law="equals_the_oracle",
        shows="any feature",
        edits={_SCALE: "    scale = 1 / xp.sqrt(variance)\n"},
        seen="https://github.com/chainer/chainer/pull/2214",
    ),
    _planted(
        "batch-norm-by-a-running-mean",
        "batch_norm",
        "the mean that is taken off runs on from call to call",
        law="two_runs_agree",
        verdict="NONDETERMINISTIC",
        shows="a second call of as many features",
        edits={
            "def batch_norm(": "_means: dict[Any, Array] = {}\n\n\ndef batch_norm(",
            _COLUMN: (
                "    xp = array_namespace(x)\n"
                "    mean = xp.mean(x, axis=0)\n"
                "    known = _means.get(x.shape[-1:], mean)\n"
                "    _means[x.shape[-1:]] = 0.9 * known + 0.1 * mean\n"
                "    column, scale = _normalized(x, eps, 0)\n"
                "    column = column + (mean - known) * scale\n"
            ),
        },
    ),
    _planted(
        "batch-norm-gradient-of-a-constant-deviation",
        "batch_norm",
        "on the way back the deviation is a constant",
        law="gradients_equal_the_oracle",
        shows="two rows",
        edits={_WIDE: "    return scale * (h - mean - 0 * normal * share)"},
    ),
    _planted(
        "batch-norm-weight-of-what-is-not-normalized",
        "batch_norm",
        "the gradient of the weight is made of x, not of what was normalized",
        law="gradients_equal_the_oracle",
        shows="any batch",
        edits={_OF_COLUMN: "        return dx, _over_rows(g * x), _over_rows(g)"},
    ),
    _planted(
        "batch-norm-bias-by-the-mean",
        "batch_norm",
        "the gradient of the bias is the mean over the batch, not the sum",
        law="pullbacks_are_derivatives",
        shows="two rows",
        edits={
            _OF_COLUMN: (
                "        return dx, _over_rows(g * column), _over_rows(g) / g.shape[0]"
            )
        },
    ),
)

MUTANTS = (
    *_LAYER,
    *_BATCH,
)
