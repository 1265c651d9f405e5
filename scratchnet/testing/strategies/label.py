"""Labels: which class each row is of; and such as must be refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from scratchnet.errors import ArgumentError
from scratchnet.testing.strategies.codes import ROOT, Codes, drawn_codes, octets
from scratchnet.testing.strategies.requirements import (
    require_count,
    require_dtype,
    require_int,
    require_shape,
)
from scratchnet.testing.strategies.signature import Shape

Labels = np.ndarray[Any, Any]


def labels(
    shape: Shape,
    /,
    *,
    classes: int,
    ignore_index: int | None = None,
    dtype: str = "int64",
) -> SearchStrategy[Labels]:
    """Arrays of class indices, 0 to classes - 1, and of ignore_index if there is one.

    A quarter of them are ignored, sometimes all. Shrinks to class 0. Raises
    ArgumentError for no classes, and for a dtype that is too narrow for them;
    ArgumentTypeError for numbers that are no ints and a dtype of others.
    """
    where = "labels"
    shape, kind = require_shape(where, shape), _kind(where, dtype)
    require_count(where, 1, classes=classes)
    _require_room(where, kind, classes=classes - 1, ignore_index=ignore_index)
    return _drawn(shape).map(lambda codes: _labels(codes, classes, ignore_index, kind))


def refused_labels(
    shape: Shape,
    /,
    *,
    classes: int,
    ignore_index: int | None = None,
    dtype: str = "int64",
) -> SearchStrategy[Labels]:
    """Arrays of labels of which one is out of range: no class, and not ignored.

    It is just beyond the classes, just below 0 or at an end of the dtype. Shrinks to
    the first of these, beside labels of class 0. Raises ArgumentError where labels
    have no element, and where every number of the dtype is a class.
    """
    where = "refused_labels"
    shape, kind = require_shape(where, shape), _kind(where, dtype)
    require_count(where, 1, classes=classes)
    _require_room(where, kind, classes=classes - 1, ignore_index=ignore_index)
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    wrong = [x for x in (classes, -1, high, low) if low <= x <= high]
    wrong = [x for x in wrong if not 0 <= x < classes and x != ignore_index]
    if not wrong or 0 in shape:
        raise ArgumentError(
            where,
            f"shape={shape}, classes={classes}, dtype={kind} leave nothing to draw",
            "required an element, and a number of the dtype that is no class",
        )

    def misplaced(drawn: tuple[Codes, int, int]) -> Labels:
        found = _labels(drawn[0], classes, ignore_index, kind)
        found.reshape(-1)[drawn[1] % found.size] = wrong[drawn[2] % len(wrong)]
        return found

    bytes_ = st.integers(0, 255)
    return st.tuples(_drawn(shape), bytes_, bytes_).map(misplaced)


@st.composite
def _drawn(draw: DrawFn, shape: Shape) -> Codes:
    return drawn_codes(draw, draw(octets(ROOT)), shape)


def _labels(
    codes: Codes, classes: int, ignore_index: int | None, kind: np.dtype[Any]
) -> Labels:
    found = classes_of(codes, classes)
    if ignore_index is not None:
        found = np.where(codes[..., 0] >= 192, ignore_index, found)
    return found.astype(kind, order="C")


def classes_of(codes: Codes, classes: int, /) -> Labels:
    """A class for each code, as int64."""
    numbers = codes.astype(np.int64)
    found: Labels = (numbers[..., 2] + 256 * numbers[..., 1]) % classes
    return np.asarray(found)


def _kind(where: str, dtype: str) -> np.dtype[Any]:
    return require_dtype(where, "iu", "an integer dtype", dtype)


def _require_room(where: str, kind: np.dtype[Any], /, **numbers: int | None) -> None:
    """Require that the dtype holds these numbers, where there are any."""
    ends = np.iinfo(kind)
    for name, number in numbers.items():
        if number is None:
            continue
        require_int(where, **{name: number})
        if not ends.min <= number <= ends.max:
            raise ArgumentError(
                where,
                f"{name} up to {number} in dtype={kind}",
                f"required at most {ends.max} and at least {ends.min}",
            )
