"""References for what integers choose: embedding, rows of a table, and one_hot.

An integer that is no row, or no class, is refused: a negative one too, which NumPy
counts from the end.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from scratchnet.arrays import Array, array_namespace, device, to_numpy
from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.references.reductions import sum_of
from scratchnet.testing.references.reference import Algorithm, Reference


def embedding(indices: Array, weight: Array, /) -> Array:
    """The row of weight at each index: of any shape s of indices, s and the row's.

    Indices first, as in PyTorch, and as a layer has what it is given before its weight;
    of NumPy's order write lambda indices, weight: weight[indices].
    """
    _require_places("embedding", indices, weight.shape[0])
    xp = array_namespace(weight)
    flat = xp.reshape(indices, (prod(indices.shape),))
    rows = xp.take(weight, flat, axis=0)
    return xp.reshape(rows, (*indices.shape, *weight.shape[1:]))


def embedding_pullback(g: Array, indices: Array, weight: Array, /) -> tuple[Array]:
    """To each row the sum of the cotangents of all places that it was taken for."""
    xp = array_namespace(weight)
    _require_places("embedding", indices, weight.shape[0])
    places = _host(indices).reshape(-1)
    rows = xp.reshape(g, (places.size, *weight.shape[1:]))
    sums = [_sum_at(rows, places == i) for i in range(weight.shape[0])]
    return (xp.stack(sums, axis=0) if sums else xp.zeros_like(weight),)


def _sum_at(rows: Array, chosen: Any) -> Array:
    """The sum of the rows that are chosen: of one it is that, of none 0."""
    xp = array_namespace(rows)
    which = xp.asarray(np.flatnonzero(chosen), device=device(rows))
    return sum_of(xp.take(rows, which, axis=0), axis=0)


def one_hot(labels: Array, classes: int, /) -> Array:
    """1 at the label and 0 at the other classes, which are a new last axis.

    Of integers nothing says which dtype: numbers of any are right, int64 as PyTorch
    has them, or float64 as np.eye; but a mask is no numbers.
    """
    _require_places("one_hot", labels, classes)
    xp = array_namespace(labels)
    at = xp.arange(classes, dtype=labels.dtype, device=device(labels))
    sides = (*labels.shape, classes)
    one, nothing = xp.ones(sides), xp.zeros(sides)
    return xp.where(labels[..., None] == at, one, nothing)


def _require_places(where: str, indices: Array, count: int) -> None:
    """Raise unless these are integers from 0 to below count."""
    found = _host(indices)
    if found.dtype.kind not in "iu":
        raise ArgumentError(where, f"a dtype of {found.dtype}", "required integers")
    wrong = (found < 0) | (found >= count)
    if wrong.any():
        raise ArgumentError(
            where, f"an index of {found[wrong][0]}", f"required 0 to {count - 1}"
        )


def _host(indices: Array) -> Any:
    return indices.value if isinstance(indices, Bounded) else to_numpy(indices)


REFERENCES = (
    Reference("embedding", (Algorithm("weight[indices]", embedding, "exact"),)),
    Reference(
        "embedding.pullback",
        (
            Algorithm(
                "sum of g where i = indices, for each row i",
                embedding_pullback,
                "in any order",
            ),
        ),
    ),
    Reference(
        "one_hot", (Algorithm("1 where the class is the label", one_hot, "exact"),)
    ),
)
