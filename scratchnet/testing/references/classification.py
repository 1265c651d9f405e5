"""References for nll and cross_entropy: losses of scores, classes along the last axis,
and integer labels, with weights of classes, labels to ignore, and a reduction."""

from __future__ import annotations

from typing import Any

from scratchnet.arrays import Array, array_namespace, device, to_numpy
from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.references.reference import (
    Algorithm,
    Reference,
    either,
    require_reduction,
)
from scratchnet.testing.references.softmax import log_softmax, softmax


def nll(
    log_probabilities: Array,
    labels: Array,
    /,
    *,
    weights: Array | None = None,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Array:
    """-w[label] log_probabilities[label] of each element that counts, 0 of others; the
    mean divides their sum by that of the weights."""
    xp = array_namespace(log_probabilities)
    _require_labels(log_probabilities, labels, ignore_index)
    counts = _counts(labels, ignore_index)
    costs = -_at_label(log_probabilities, labels, counts)
    if weights is not None:
        weight = xp.broadcast_to(weights, tuple(log_probabilities.shape))
        costs = costs * _at_label(weight, labels, counts)
    # Chosen, not multiplied by 0: an ignored element may cost infinity.
    costs = xp.where(counts, costs, xp.zeros_like(costs))
    require_reduction(reduction)
    if reduction == "none":
        return costs
    total = xp.sum(costs, dtype=costs.dtype)
    if reduction == "sum":
        return total
    return total / _total_weight(log_probabilities, labels, weights, ignore_index)


def nll_pullback(
    g: Array, log_probabilities: Array, labels: Array, /, **options: Any
) -> tuple[Array]:
    """-w g / total of each element that counts, at its label; 0 elsewhere."""
    cost = _cost_cotangent(g, log_probabilities, labels, options)
    return (_at_label_only(log_probabilities, labels, cost),)


def _cost_cotangent(
    g: Array, x: Array, labels: Array, options: dict[str, Any]
) -> Array:
    """-w g / total of each element that counts, else 0; classes are an axis of 1."""
    xp, share = array_namespace(x), _share(-1.0, g, x, labels, **options)
    counts = _counts(labels, options.get("ignore_index"))[..., None]
    return xp.where(counts, share, xp.zeros_like(share))


def _at_label_only(x: Array, labels: Array, cost: Array) -> Array:
    """cost in the shape of x, and 0 but at the labels."""
    xp = array_namespace(x)
    return xp.where(_hot(x, labels), cost, xp.zeros_like(cost))


def _share(
    factor: Array | float,
    g: Array,
    x: Array,
    labels: Array,
    /,
    *,
    weights: Array | None = None,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Array:
    """factor w g, with the classes as the last axis; of a mean divided by the total,
    which may be done first, in the middle, or last."""
    xp = array_namespace(x)
    _require_labels(x, labels, ignore_index)
    g = xp.broadcast_to(g, tuple(labels.shape))[..., None]
    require_reduction(reduction)
    total = None
    if reduction == "mean":
        total = _total_weight(x, labels, weights, ignore_index)
    if weights is None:
        return factor * g if total is None else _in_order(factor, g, total)
    weight = xp.broadcast_to(weights, tuple(x.shape))
    w = _at_label(weight, labels, _counts(labels, ignore_index))[..., None]
    if total is None:
        return factor * (w * g)
    return either(_in_order(factor, w * g, total), factor * (w * (g / total)))


def _in_order(factor: Array | float, g: Array, total: Array) -> Array:
    """factor g / total, from either side."""
    return either(factor * (g / total), (factor * g) / total)


def _require_labels(x: Array, labels: Array, ignore_index: int | None) -> None:
    """Raise unless labels are classes of x, an integer for each but its last axis.

    An index that is out of range would mean another class, or end in a library's error.
    """
    found = labels.value if isinstance(labels, Bounded) else to_numpy(labels)
    classes = x.shape[-1]
    if tuple(x.shape[:-1]) != found.shape or found.dtype.kind not in "iu":
        raise ArgumentError(
            "nll",
            f"labels of shape {found.shape} and dtype {found.dtype}",
            f"required integers of shape {tuple(x.shape[:-1])}",
        )
    wrong = (found < 0) | (found >= classes)
    if ignore_index is not None:
        wrong &= found != ignore_index
    if wrong.any():
        raise ArgumentError(
            "nll",
            f"a label of {found[wrong][0]}",
            f"required classes from 0 to {classes - 1}",
        )


def _counts(labels: Array, ignore_index: int | None) -> Array:
    """Which elements count."""
    if ignore_index is None:
        xp = array_namespace(labels)
        return xp.ones_like(labels, dtype=xp.bool)
    return labels != ignore_index


def _at_label(x: Array, labels: Array, counts: Array) -> Array:
    """The entry of x at each label; where none counts, the first one."""
    xp = array_namespace(x)
    place = xp.where(counts, labels, xp.zeros_like(labels))
    return xp.take_along_axis(x, place[..., None], axis=-1)[..., 0]


def _hot(x: Array, labels: Array) -> Array:
    """Of each row of x, the entry at the label."""
    xp = array_namespace(labels)
    classes = xp.arange(x.shape[-1], dtype=labels.dtype, device=device(labels))
    return labels[..., None] == classes


def _total_weight(
    x: Array, labels: Array, weights: Array | None, ignore_index: int | None
) -> Array:
    """The sum of the weights of the elements that count."""
    xp = array_namespace(x)
    counts = _counts(labels, ignore_index)
    if weights is None:
        return xp.sum(xp.astype(counts, x.dtype), dtype=x.dtype)
    weight = _at_label(xp.broadcast_to(weights, tuple(x.shape)), labels, counts)
    return xp.sum(xp.where(counts, weight, xp.zeros_like(weight)), dtype=x.dtype)


def cross_entropy(logits: Array, labels: Array, /, **options: Any) -> Array:
    """nll(log_softmax(x))."""
    return nll(log_softmax(logits), labels, **options)


def cross_entropy_fused(
    g: Array, logits: Array, labels: Array, /, **options: Any
) -> tuple[Array]:
    """(softmax(x) - onehot) w g / total."""
    xp, p = array_namespace(logits), softmax(logits)
    off = xp.where(_hot(logits, labels), p - 1.0, p)
    share = _share(off, g, logits, labels, **options)
    counts = _counts(labels, options.get("ignore_index"))[..., None]
    # An ignored row is multiplied by 0, which passes NaN on.
    return (xp.where(counts, share, 0.0 * p),)


def cross_entropy_by_chain(
    g: Array, logits: Array, labels: Array, /, **options: Any
) -> tuple[Array]:
    """d - softmax(x) sum(d), d the pullback of nll, which looks at no number of x."""
    # All terms of a sum are 0 but one, and adding 0 never rounds: sum(d) is that one.
    total = _cost_cotangent(g, logits, labels, options)
    return (_at_label_only(logits, labels, total) - softmax(logits) * total,)


REFERENCES = (
    Reference("nll", (Algorithm("-sum(w x[label]) / sum(w)", nll, "in any order"),)),
    Reference(
        "nll.pullback",
        (Algorithm("-w g / total at the label", nll_pullback, "from either side"),),
    ),
    Reference(
        "cross_entropy",
        (Algorithm("nll(log_softmax(x))", cross_entropy, "by each of its algorithms"),),
    ),
    Reference(
        "cross_entropy.pullback",
        (
            Algorithm(
                "(softmax(x) - onehot) w g / total",
                cross_entropy_fused,
                "fused; the total divides first, in the middle, or last",
            ),
            Algorithm(
                "d - softmax(x) sum(d)",
                cross_entropy_by_chain,
                "autograd's: the pullbacks of nll and of log_softmax",
            ),
        ),
    ),
)
