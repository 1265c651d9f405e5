"""How good a model is: loss, accuracy, predictions. Rows count alike, not batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from scratchnet.arrays import Array, array_namespace, operands
from scratchnet.data import Batches
from scratchnet.labels import count_classes
from scratchnet.layers import Layer
from scratchnet.losses import cross_entropy_vjp

#: A loss and its pullback, of logits and labels: `cross_entropy_vjp` and its like.
Loss = Callable[..., tuple[Array, Any]]


def evaluate(
    model: Layer, batches: Batches, /, *, loss: Loss = cross_entropy_vjp
) -> tuple[float, float]:
    """Mean loss and accuracy over all rows: batches weigh by their number of rows."""
    losses: list[Array] = []
    rows: list[int] = []
    right: list[Array] = []
    for x, labels in batches.epoch(0):
        logits = model(x)
        losses.append(loss(logits, labels)[0])
        rows.append(x.shape[0])
        right.append(count_correct(logits, labels))
    return mean_over_rows(losses, rows), sum(map(int, right)) / sum(rows)


def accuracy(logits: Array, labels: Array, /) -> float:
    """The share of rows whose largest logit is at the label. NaN for no rows.

    Signature (c),()->(), averaged over all loop dimensions. Raises ArgumentError and
    ArgumentTypeError where labels do not fit the logits.
    """
    operands("accuracy", logits=logits)
    count_classes("accuracy", labels, logits=logits)
    rows = prod(labels.shape)
    return int(count_correct(logits, labels)) / rows if rows else float("nan")


def predict(model: Layer, x: Array, /) -> Array:
    """The class of the largest logit of each row. Signature (n,features)->(n)."""
    logits = model(x)
    return array_namespace(logits).argmax(logits, axis=-1)


def count_correct(logits: Array, labels: Array, /) -> Array:
    """How many rows have their largest logit at the label: a 0-d integer array."""
    xp = array_namespace(logits, labels)
    hits = xp.argmax(logits, axis=-1) == labels
    return xp.sum(xp.astype(hits, labels.dtype))


def mean_over_rows(losses: Sequence[float | Array], rows: Sequence[int]) -> float:
    """The mean over rows of losses that are means over batches of so many rows."""
    pairs = zip(losses, rows, strict=True)
    return sum(float(loss) * count for loss, count in pairs) / sum(rows)
