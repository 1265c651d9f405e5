"""Losses and their pullbacks.

Reductions are 'none', 'mean' and 'sum'; the mean of nothing is NaN, as in PyTorch.
Classes lie along the last axis, so that a batch of rows, a single row and a grid of
pixels are all the same call.
"""

from __future__ import annotations

from typing import Literal, get_args

from scratchnet.activations import log_softmax_vjp, sigmoid
from scratchnet.arrays import (
    Array,
    Pullback,
    accumulator,
    array_namespace,
    as_dtype,
    operands,
    pullback_of,
    scalar,
)
from scratchnet.errors import ArgumentError
from scratchnet.labels import check_labels, count_classes, one_hot
from scratchnet.reductions import mean_vjp, sum_vjp

Reduction = Literal["none", "mean", "sum"]


def nll(
    log_probabilities: Array,
    labels: Array,
    /,
    *,
    weights: Array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
    checked: bool = False,
) -> Array:
    """Negative log-likelihood of the labelled classes.

    Signature (c),()->() before the reduction; labels are integers in [0, c), weights of
    shape (c,) weigh each element by its class. Elements labelled ignore_index cost 0
    and do not count. The mean divides by the sum of the weights that counted.

    Labels are read and checked before anything is computed, unless `checked` says that
    they have been (`check_labels`), which spares a device the wait.
    Raises ArgumentError and ArgumentTypeError for labels or weights that do not fit.
    """
    value, _ = nll_vjp(
        log_probabilities,
        labels,
        weights=weights,
        ignore_index=ignore_index,
        reduction=reduction,
        checked=checked,
    )
    return value


def nll_vjp(
    log_probabilities: Array,
    labels: Array,
    /,
    *,
    weights: Array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
    checked: bool = False,
) -> tuple[Array, Pullback]:
    """nll(...) and its pullback: minus the share of each element, at its label.

    Labels and weights have no cotangent: the tuple holds that of log_probabilities.
    """
    operands("nll", log_probabilities=log_probabilities)
    classes = count_classes("nll", labels, log_probabilities=log_probabilities)
    if not checked:
        check_labels(labels, classes, ignore_index=ignore_index, where="nll")
    return _nll(log_probabilities, labels, weights, ignore_index, reduction)


def _nll(
    log_probabilities: Array,
    labels: Array,
    weights: Array | None,
    ignore_index: int | None,
    reduction: Reduction,
) -> tuple[Array, Pullback]:
    """nll_vjp of log-probabilities and labels that have been found to fit."""
    _require_reduction("nll", reduction)
    _require_weights(log_probabilities, weights)
    xp, dtype = array_namespace(log_probabilities), log_probabilities.dtype
    classes, zero = log_probabilities.shape[-1], scalar(0, like=log_probabilities)
    # Half precision adds up and divides in float32: a sum of 65,520 ones overflows.
    wide = accumulator(xp, dtype)
    hot = one_hot(labels, classes)
    if ignore_index is not None and 0 <= ignore_index < classes:
        hot = hot & (as_dtype(labels, xp.int64) != ignore_index)[..., None]
    costs = -log_probabilities
    if weights is not None:
        costs = costs * weights
    # Chosen, not multiplied: an unlabelled class may have log-probability -inf.
    axis = -1 if reduction == "none" else None
    value = xp.sum(xp.where(hot, costs, zero), axis=axis, dtype=wide)
    if reduction == "mean":
        share = scalar(1, like=log_probabilities) if weights is None else weights
        counted = xp.sum(xp.where(hot, share, zero), dtype=wide)
        value = value / counted

    def pullback(g: Array) -> tuple[Array]:
        scale = g[..., None] if reduction == "none" else g
        if reduction == "mean":
            scale = as_dtype(scale, wide) / counted
        share = -scale if weights is None else -weights * scale
        return (xp.where(hot, as_dtype(share, dtype), zero),)

    value = as_dtype(value, dtype)
    return value, pullback_of("nll pullback", value, pullback)


def cross_entropy(
    logits: Array,
    labels: Array,
    /,
    *,
    weights: Array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
    checked: bool = False,
) -> Array:
    """nll(log_softmax(logits), labels): arguments, shapes and errors as there."""
    value, _ = cross_entropy_vjp(
        logits,
        labels,
        weights=weights,
        ignore_index=ignore_index,
        reduction=reduction,
        checked=checked,
    )
    return value


def cross_entropy_vjp(
    logits: Array,
    labels: Array,
    /,
    *,
    weights: Array | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
    checked: bool = False,
) -> tuple[Array, Pullback]:
    """cross_entropy(...) and its pullback: that of nll, then that of log_softmax."""
    operands("cross_entropy", logits=logits)
    classes = count_classes("cross_entropy", labels, logits=logits)
    if not checked:
        check_labels(labels, classes, ignore_index=ignore_index, where="cross_entropy")
    log_probabilities, softmax_pullback = log_softmax_vjp(logits)
    value, nll_pullback = _nll(
        log_probabilities, labels, weights, ignore_index, reduction
    )

    def pullback(g: Array) -> tuple[Array, ...]:
        return softmax_pullback(*nll_pullback(g))

    return value, pullback


def binary_cross_entropy(
    logits: Array, targets: Array, /, *, reduction: Reduction = "mean"
) -> Array:
    """-(t log(p) + (1 - t) log(1 - p)) with p = sigmoid(logits), without forming p.

    Signature (),()->() before the reduction; targets are probabilities, of the shape
    and dtype of the logits. Raises ArgumentError where the shapes differ.
    """
    value, _ = binary_cross_entropy_vjp(logits, targets, reduction=reduction)
    return value


def binary_cross_entropy_vjp(
    logits: Array, targets: Array, /, *, reduction: Reduction = "mean"
) -> tuple[Array, Pullback]:
    """binary_cross_entropy(...) and its pullback g -> (g (p - t), -g logits)."""
    xp = operands("binary_cross_entropy", logits=logits, targets=targets)
    _require_same_shape("binary_cross_entropy", logits=logits, targets=targets)
    # Both terms are positive: nothing cancels where the probability nears the target.
    missed = xp.where(logits > 0, scalar(1, like=logits) - targets, -targets)
    costs = missed * logits + xp.log1p(xp.exp(-xp.abs(logits)))
    value, reduce_pullback = _reduced("binary_cross_entropy", costs, reduction)

    def pullback(g: Array) -> tuple[Array, Array]:
        (g,) = reduce_pullback(g)
        return g * (sigmoid(logits) - targets), -g * logits

    where = "binary_cross_entropy pullback"
    return value, pullback_of(where, value, pullback)


def mse(
    predictions: Array, targets: Array, /, *, reduction: Reduction = "mean"
) -> Array:
    """(predictions - targets)^2.

    Signature (),()->() before the reduction; both of one shape and dtype. Raises
    ArgumentError where the shapes differ: broadcasting (n, 1) against (n,) would
    silently compare every prediction with every target.
    """
    value, _ = mse_vjp(predictions, targets, reduction=reduction)
    return value


def mse_vjp(
    predictions: Array, targets: Array, /, *, reduction: Reduction = "mean"
) -> tuple[Array, Pullback]:
    """mse(...) and its pullback g -> (2 g (p - t), -2 g (p - t))."""
    operands("mse", predictions=predictions, targets=targets)
    _require_same_shape("mse", predictions=predictions, targets=targets)
    difference = predictions - targets
    value, reduce_pullback = _reduced("mse", difference * difference, reduction)

    def pullback(g: Array) -> tuple[Array, Array]:
        (g,) = reduce_pullback(g)
        d = g * (difference + difference)
        return d, -d

    return value, pullback_of("mse pullback", value, pullback)


def _require_weights(x: Array, weights: Array | None) -> None:
    if weights is None:
        return
    operands("nll", log_probabilities=x, weights=weights)
    if tuple(weights.shape) != (x.shape[-1],):
        raise ArgumentError(
            "nll",
            f"weights.shape={tuple(weights.shape)}",
            f"but log_probabilities.shape={tuple(x.shape)} requires {(x.shape[-1],)}",
        )


def _reduced(where: str, costs: Array, reduction: Reduction) -> tuple[Array, Pullback]:
    _require_reduction(where, reduction)
    if reduction == "none":
        return costs, lambda g: (g,)
    return (mean_vjp if reduction == "mean" else sum_vjp)(costs)


def _require_reduction(where: str, reduction: str) -> None:
    if reduction not in get_args(Reduction):
        raise ArgumentError(
            where,
            f"reduction={reduction!r}",
            f"required one of {', '.join(get_args(Reduction))}",
        )


def _require_same_shape(where: str, **arrays: Array) -> None:
    (left, x), (right, y) = arrays.items()
    if tuple(x.shape) != tuple(y.shape):
        raise ArgumentError(
            where,
            f"{right}.shape={tuple(y.shape)}",
            f"but {left}.shape={tuple(x.shape)} requires the same",
        )
