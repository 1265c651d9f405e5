"""Class labels: what is wrong with them is said before any work is launched."""

from __future__ import annotations

from scratchnet.arrays import (
    Array,
    array_namespace,
    as_dtype,
    device,
    dtype_name,
    is_array,
    is_compiling,
    library,
    operands,
)
from scratchnet.errors import ArgumentError, ArgumentTypeError


def one_hot(labels: Array, classes: int, /) -> Array:
    """Whether each class is the labelled one: boolean, on the device of the labels.

    Signature ()->(c). A label outside [0, c) marks no class.
    """
    xp = operands("one_hot", kind="integral", labels=labels)
    # In int64: narrower labels do not hold every class.
    indices = xp.arange(classes, dtype=xp.int64, device=device(labels))
    return indices == as_dtype(labels, xp.int64)[..., None]


def check_labels(
    labels: Array,
    classes: int,
    /,
    *,
    ignore_index: int | None = None,
    where: str = "check_labels",
) -> None:
    """Raise unless labels are integers in [0, classes), or ignore_index.

    Reads the labels, so that a device is waited for; within a compiled function, where
    there are no values to read, it does nothing. Raises ArgumentTypeError for another
    dtype and ArgumentError that names the first label outside.
    """
    if not is_array(labels):
        raise ArgumentTypeError(
            where, f"labels is a {type(labels).__name__}", "required an integer array"
        )
    _require_integers(where, labels)
    if is_compiling():
        return
    xp = array_namespace(labels)
    # Unsigned labels hold no negative ignore_index: compared in int64.
    labels = xp.astype(labels, xp.int64)
    wrong = (labels < 0) | (labels >= classes)
    if ignore_index is not None:
        wrong = wrong & (labels != ignore_index)
    if bool(xp.any(wrong)):
        flat = xp.reshape(labels, (-1,))
        first = int(xp.argmax(xp.astype(xp.reshape(wrong, (-1,)), xp.int8)))
        raise ArgumentError(
            where,
            f"labels hold {int(flat[first])} at flat position {first}",
            f"required within [0, {classes})",
            ""
            if ignore_index is not None
            else "a loss with ignore_index=... leaves a value out",
        )


def count_classes(where: str, labels: Array, /, **labelled: Array) -> int:
    """How many classes the one named array has along its last axis, once labels fit.

    `where` heads the message. Raises ArgumentTypeError for labels of a dtype that is
    not integer, another library or another device; ArgumentError for another shape.
    """
    ((name, x),) = labelled.items()
    if not is_array(labels):
        check_labels(labels, 0, where=where)
    if array_namespace(labels) is not array_namespace(x) or device(labels) != device(x):
        raise ArgumentTypeError(
            where,
            f"labels are of {library(labels)} on {device(labels)}",
            f"but {name} of {library(x)} on {device(x)}",
        )
    if x.ndim == 0:
        raise ArgumentError(where, f"{name}.shape=()", "required an axis of classes")
    _require_integers(where, labels)
    shape, required = tuple(labels.shape), tuple(x.shape[:-1])
    if shape != required:
        one_hot_labels = shape == tuple(x.shape)
        raise ArgumentError(
            where,
            f"labels.shape={shape}",
            f"but {name}.shape={tuple(x.shape)} requires {required}",
            "for one-hot labels pass xp.argmax(labels, axis=-1)" * one_hot_labels,
        )
    return int(x.shape[-1])


def _require_integers(where: str, labels: Array) -> None:
    if not array_namespace(labels).isdtype(labels.dtype, "integral"):
        raise ArgumentTypeError(
            where,
            f"labels.dtype={dtype_name(labels.dtype)}",
            "required an integer dtype",
        )
