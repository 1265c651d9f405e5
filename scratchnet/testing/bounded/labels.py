"""What labels have to be, certain integers and classes, and their one-hot form."""

from __future__ import annotations

import numpy as np

from scratchnet.arrays import dtype_name
from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.formats import Reals


def of_rows(where: str, target: Bounded, x: Bounded, axis: int, /) -> Reals:
    """The labels of the rows of x, whose classes are along an axis.

    Raises UnboundedError for probabilities and for labels that rounding can change,
    and ArgumentError for another shape and for a label that is no class.
    """
    if target.is_real:
        raise UnboundedError(
            where,
            f"a target of dtype {dtype_name(target.dtype)}",
            "required integers, one label for each row",
            "for targets that are probabilities write -sum(t * log_softmax(x)), "
            "over the number of rows for their mean",
        )
    require_integers(where, target)
    require_certain(where, target)
    sides = (*x.shape[:axis], *x.shape[axis + 1 :])
    if target.shape != sides:
        raise ArgumentError(
            where,
            f"target.shape={target.shape}, but input.shape={x.shape}",
            f"requires {sides}: its classes are along axis {axis}",
            f"for one-hot labels pass argmax(target, axis={axis})"
            if target.shape == x.shape
            else "",
        )
    require_classes(where, target, x.shape[axis])
    return target.value


def one_hot(x: Bounded, /, num_classes: int = -1) -> Bounded:
    """1 where the class is the label, else 0; as many classes as the labels ask for."""
    require_integers("one_hot", x)
    if num_classes == -1 and x.size:
        require_certain("one_hot", x)
        num_classes = max(int(x.value.max()) + 1, 1)
    if num_classes < 0:
        raise ArgumentError(
            "one_hot",
            f"num_classes={num_classes} for labels of shape {x.shape}",
            "required a number of classes",
        )
    require_classes("one_hot", x, num_classes)
    value = x.value[..., None] == np.arange(num_classes)
    return Bounded(value.astype(np.int64), x.contract, x.error[..., None])


def require_integers(where: str, labels: Bounded, /) -> None:
    """Raise UnboundedError for labels that are numbers or a mask."""
    if labels.is_real or labels.value.dtype == bool:
        raise UnboundedError(
            where, f"labels of dtype {dtype_name(labels.dtype)}", "required integers"
        )


def require_certain(where: str, labels: Bounded, /) -> None:
    """Raise UnboundedError for labels that rounding can change, as those of argmax."""
    if not labels.is_exact:
        raise UnboundedError(
            where,
            "labels that rounding can change",
            "required the same ones for every correct implementation",
        )


def require_classes(where: str, labels: Bounded, count: int, /) -> None:
    """Raise ArgumentError for a label that is not one of so many classes."""
    outside = (labels.value < 0) | (labels.value >= count)
    if not outside.any():
        return
    at = np.unravel_index(int(np.argmax(outside)), outside.shape)
    label = int(labels.value[at])
    raise ArgumentError(
        where,
        f"label {label} at {list(map(int, at))}",
        f"required one from 0 to {count - 1}" if count else "but there are no classes",
        "PyTorch ignores such rows: leave them out" if label == -100 else "",
    )
