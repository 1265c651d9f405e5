"""Mutants of nll and of labels as rows of 0 and 1; and those of other losses."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="losses")
_GITHUB = "https://github.com/"

_CHECKED = "    if labels.shape != shape[:-1]:"
_COUNTED = "    return xp.sum(costs) / xp.sum(weight)"
_PICKED = (
    "    picked = xp.take_along_axis(x, kept[..., None], axis=-1)[..., 0]\n"
    "    costs = xp.where(counts, -weight * picked, 0.0)\n"
)

_NLL = (
    _planted(
        "nll-mean-of-batch-means",
        "nll",
        "the mean of the means of batches, whether they weigh the same or not",
        law="equals_the_oracle",
        shows="two batches, one with a row that is ignored",
        edits={
            "    return xp.sum(costs) / xp.sum(weight)": (
                "    over = tuple(range(1, costs.ndim))\n"
                "    batches = xp.sum(costs, axis=over) / xp.sum(weight, axis=over)\n"
                "    whole = xp.sum(costs) / xp.sum(weight)\n"
                "    return xp.mean(batches) if over else whole"
            )
        },
    ),
    _planted(
        "nll-mean-over-entries",
        "nll",
        "the mean is over all log-probabilities, not over rows",
        law="equals_the_oracle",
        shows="two classes",
        edits={
            "    return _reduced(costs, weight, reduction)": (
                "    return _reduced(costs, weight * x.shape[-1], reduction)"
            )
        },
    ),
    _planted(
        "nll-weighted-mean-over-rows",
        "nll",
        "the mean divides by how many rows count, not by what they weigh",
        law="equals_the_oracle",
        shows="weights that are not 1",
        edits={
            "    return _reduced(costs, weight, reduction)": (
                "    return _reduced(costs, xp.astype(counts, x.dtype), reduction)"
            )
        },
    ),
    _planted(
        "nll-ignored-in-the-divisor",
        "nll",
        "the mean divides by what all rows weigh, those that are ignored too",
        law="equals_the_oracle",
        shows="one ignored row of two",
        seen=f"{_GITHUB}tracel-ai/burn/issues/5568",
        edits={
            "    return _reduced(costs, weight, reduction)": (
                "    every = _weight(x, kept, counts | True, weights)\n"
                "    return _reduced(costs, every, reduction)"
            )
        },
    ),
    _planted(
        "nll-mean-of-nothing-is-zero",
        "nll",
        "where no row counts, the mean is 0 and not NaN",
        law="equals_the_oracle",
        shows="no rows, or none that counts",
        seen=f"{_GITHUB}mgmalek/efficient_cross_entropy/issues/6",
        edits={
            _COUNTED: (
                "    if not xp.any(weight != 0):\n"
                "        return xp.sum(costs)\n"
                "    return xp.sum(costs) / xp.sum(weight)"
            )
        },
    ),
    _planted(
        "nll-ignored-class-counts",
        "nll",
        "a label to ignore that is a class is not ignored",
        law="equals_the_oracle",
        shows="ignore_index=0",
        edits={
            "    if ignored is not None:": (
                "    if ignored is not None and not 0 <= ignored < shape[-1]:"
            )
        },
    ),
    _planted(
        "nll-ignored-times-zero",
        "nll",
        "ignored rows are multiplied by 0, which makes NaN of infinity",
        law="equals_the_oracle",
        shows="-inf in an ignored row",
        seen=f"{_GITHUB}ecmwf/WeatherGenerator/issues/2723",
        edits={
            "xp.where(counts, -weight * picked, 0.0)": (
                "-weight * picked * xp.astype(counts, x.dtype)"
            )
        },
    ),
    _planted(
        "nll-one-hot-times-zero",
        "nll",
        "other classes are multiplied by 0, which makes NaN of infinity",
        law="equals_the_oracle",
        shows="-inf beside the label",
        seen=f"{_GITHUB}tinygrad/tinygrad/pull/11760",
        edits={
            "    picked = xp.take_along_axis(x, kept[..., None], axis=-1)[..., 0]\n": (
                "    hot = xp.astype(_is_label(kept, x.shape[-1]), x.dtype)\n"
                "    picked = xp.sum(hot * x, axis=-1)\n"
            )
        },
    ),
    _planted(
        "nll-labels-of-a-column",
        "nll",
        "labels of shape (n, 1) broadcast against rows to (n, n)",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="labels of one dimension more",
        edits={
            _CHECKED: "    if labels.ndim not in (len(shape) - 1, len(shape)):",
            _PICKED: (
                "    hot = _is_label(kept, x.shape[-1])\n"
                "    picked = xp.sum(xp.where(hot, x, 0.0), axis=-1)\n"
                "    weight = _weight(hot, kept, counts, weights)\n"
                "    costs = xp.where(counts, -weight * picked, 0.0)\n"
            ),
        },
    ),
    _planted(
        "nll-labels-from-the-end",
        "nll",
        "a negative label is the class so far from the end",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="a label of -1",
        seen=f"{_GITHUB}Theano/Theano/pull/3042",
        edits={
            "    if xp.any(kept < 0) or xp.any(kept >= shape[-1]):": (
                "    if xp.any(kept < -shape[-1]) or xp.any(kept >= shape[-1]):"
            )
        },
    ),
    _planted(
        "nll-gradient-ignores-the-cotangent",
        "nll",
        "the gradient is as if nothing came after the loss",
        law="gradients_equal_the_oracle",
        shows="g not 1",
        edits={
            "        return (xp.where(hot, -share[..., None], 0.0),)": (
                "        share = _share(weight, xp.ones_like(g), reduction)\n"
                "        return (xp.where(hot, -share[..., None], 0.0),)"
            )
        },
    ),
    _planted(
        "nll-gradient-adds-up",
        "nll",
        "each call of the pullback adds to what the last one returned",
        law="pullbacks_are_linear",
        shows="a second call",
        edits={
            "    def pullback(g: Array) -> tuple[Array]:\n"
            "        share = _share(weight, g, reduction)\n"
            "        return (xp.where(hot, -share[..., None], 0.0),)": (
                "    kept = xp.zeros_like(x)\n\n"
                "    def pullback(g: Array) -> tuple[Array]:\n"
                "        nonlocal kept\n"
                "        share = _share(weight, g, reduction)\n"
                "        kept = kept + xp.where(hot, -share[..., None], 0.0)\n"
                "        return (kept,)"
            )
        },
    ),
)

_FOUND = "    found = labels[..., None] == xp.arange(classes)"
_REFUSED = (
    "    if xp.any(labels < 0) or xp.any(labels >= classes):\n"
    '        raise ValueError("a label is no class")\n'
    "    found"
)

_ONE_HOT = (
    _planted(
        "one-hot-from-the-end",
        "one_hot",
        "a negative label is the class so far from the end",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="a label of -1",
        seen=f"{_GITHUB}onnx/onnx/pull/8113",
        edits={
            "xp.any(labels < 0) or xp.any(labels >= classes)": (
                "xp.any(labels < -classes) or xp.any(labels >= classes)"
            ),
            _FOUND: "    found = labels[..., None] % classes == xp.arange(classes)",
        },
    ),
    _planted(
        "one-hot-of-no-class-is-zero",
        "one_hot",
        "a label that is no class has a row of zeros",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="a label that is the number of classes",
        seen=f"{_GITHUB}tensorflow/tensorflow/issues/11727",
        edits={_REFUSED: "    found"},
    ),
    _planted(
        "one-hot-counts-classes",
        "one_hot",
        "there are as many classes as the largest label says",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        shows="a last class without a label",
        edits={
            _FOUND: (
                "    if 0 not in labels.shape:\n"
                "        classes = int(xp.max(labels)) + 1\n" + _FOUND
            )
        },
    ),
    _planted(
        "one-hot-from-one",
        "one_hot",
        "classes are counted from 1",
        law="is_exact_on_the_grid",
        shows="any label",
        edits={_FOUND: "    found = labels[..., None] == 1 + xp.arange(classes)"},
    ),
    _planted(
        "one-hot-classes-first",
        "one_hot",
        "classes are the first axis",
        law="equals_the_oracle",
        verdict="MISPLACED",
        shows="one dimension",
        edits={
            "    return xp.astype(found,": (
                "    found = xp.moveaxis(found, -1, 0)\n    return xp.astype(found,"
            )
        },
    ),
    _planted(
        "one-hot-flattens-labels",
        "one_hot",
        "labels of two dimensions are taken for one row after another",
        law="equals_the_oracle",
        verdict="MISPLACED",
        shows="two dimensions",
        edits={
            _FOUND: ("    found = xp.reshape(labels, (-1, 1)) == xp.arange(classes)")
        },
    ),
    _planted(
        "one-hot-one-buffer",
        "one_hot",
        "all calls of a shape write to one buffer",
        law="results_are_new",
        verdict="ALIASES",
        shows="a second call",
        edits={
            "def one_hot": "_buffers: dict[Any, Array] = {}\n\n\ndef one_hot",
            "    return xp.astype(found, xp.int64)": (
                "    y = _buffers.setdefault(found.shape, xp.astype(found, xp.int64))\n"
                "    y[...] = found\n"
                "    return y"
            ),
        },
    ),
)

MUTANTS: tuple[Mutant, ...] = (
    *_NLL,
    *_ONE_HOT,
)
