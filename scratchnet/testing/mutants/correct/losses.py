"""Losses of scores and labels, and their pullbacks; and labels as rows of 0 and 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.arrays import Array, array_namespace

Pullback = Callable[[Array], tuple[Any, ...]]


def _kept(labels: Array, shape: Any, ignored: int | None) -> tuple[Array, Array]:
    """The labels, 0 where they are ignored, and which of them count."""
    xp = array_namespace(labels)
    if not xp.isdtype(labels.dtype, "integral"):
        raise ValueError("labels are integers")
    if labels.shape != shape[:-1]:
        raise ValueError("each row has one label")
    counts = xp.ones_like(labels, dtype=xp.bool)
    if ignored is not None:
        counts = labels != ignored
    kept = xp.where(counts, labels, xp.zeros_like(labels))
    if xp.any(kept < 0) or xp.any(kept >= shape[-1]):
        raise ValueError("a label is no class")
    return kept, counts


def _weight(x: Array, kept: Array, counts: Array, weights: Array | None) -> Array:
    """What each row weighs: nothing where it does not count."""
    xp = array_namespace(x)
    each = xp.ones_like(x[..., 0]) if weights is None else weights[kept]
    return xp.where(counts, each, 0.0)


def _is_label(kept: Array, classes: int) -> Array:
    """Of each row, the entry at its label."""
    xp = array_namespace(kept)
    return kept[..., None] == xp.arange(classes, dtype=kept.dtype)


def _reduced(costs: Array, weight: Array, reduction: str) -> Array:
    """The costs, their sum, or that over the sum of the weights."""
    xp = array_namespace(costs)
    if reduction == "none":
        return costs
    if reduction == "sum":
        return xp.sum(costs)
    if reduction != "mean":
        raise ValueError(f"no such reduction: {reduction}")
    return xp.sum(costs) / xp.sum(weight)


def _share(weight: Array, g: Array, reduction: str) -> Array:
    """What of the cotangent falls to the cost of each row."""
    xp = array_namespace(weight)
    share = weight * g
    return share / xp.sum(weight) if reduction == "mean" else share


def nll(
    log_probabilities: Array,
    labels: Array,
    /,
    *,
    weights: Array | None = None,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Array:
    """Less the logarithm at the label, weighed by its class."""
    x, xp = log_probabilities, array_namespace(log_probabilities)
    kept, counts = _kept(labels, x.shape, ignore_index)
    weight = _weight(x, kept, counts, weights)
    picked = xp.take_along_axis(x, kept[..., None], axis=-1)[..., 0]
    costs = xp.where(counts, -weight * picked, 0.0)
    return _reduced(costs, weight, reduction)


def nll_vjp(
    log_probabilities: Array,
    labels: Array,
    /,
    *,
    weights: Array | None = None,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> tuple[Array, Pullback]:
    """nll(...) and its pullback: -w g / sum(w) at the label."""
    x, xp = log_probabilities, array_namespace(log_probabilities)
    kept, counts = _kept(labels, x.shape, ignore_index)
    weight = _weight(x, kept, counts, weights)
    hot = _is_label(kept, x.shape[-1]) & counts[..., None]

    def pullback(g: Array) -> tuple[Array]:
        share = _share(weight, g, reduction)
        return (xp.where(hot, -share[..., None], 0.0),)

    options: Any = {"ignore_index": ignore_index, "reduction": reduction}
    return nll(x, labels, weights=weights, **options), pullback


def _log_softmax(logits: Array) -> Array:
    """The logits less the logarithm of the sum of their powers."""
    xp = array_namespace(logits)
    shifted = logits - xp.max(logits, axis=-1, keepdims=True)
    total = xp.sum(xp.exp(shifted), axis=-1, keepdims=True)
    return shifted - xp.log(total)


def cross_entropy(logits: Array, labels: Array, /, **options: Any) -> Array:
    """nll of the logarithm of softmax."""
    return nll(_log_softmax(logits), labels, **options)


def cross_entropy_vjp(
    logits: Array,
    labels: Array,
    /,
    *,
    weights: Array | None = None,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> tuple[Array, Pullback]:
    """cross_entropy(...) and its pullback: w g / sum(w) times softmax less one-hot."""
    xp = array_namespace(logits)
    kept, counts = _kept(labels, logits.shape, ignore_index)
    weight = _weight(logits, kept, counts, weights)
    p = xp.exp(_log_softmax(logits))
    hot = _is_label(kept, logits.shape[-1])

    def pullback(g: Array) -> tuple[Array]:
        share = xp.where(counts, _share(weight, g, reduction), 0.0)[..., None]
        return (share * xp.where(hot, p - 1, p),)

    options: Any = {"ignore_index": ignore_index, "reduction": reduction}
    return cross_entropy(logits, labels, weights=weights, **options), pullback


def one_hot(labels: Array, classes: int, /) -> Array:
    """1 at the label, and 0 at other classes."""
    xp = array_namespace(labels)
    if xp.any(labels < 0) or xp.any(labels >= classes):
        raise ValueError("a label is no class")
    found = labels[..., None] == xp.arange(classes)
    return xp.astype(found, xp.int64)
