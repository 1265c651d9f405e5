"""References for cumulative sums. Their bound covers every scan: each result is a sum
of the elements so far, in any order."""

from __future__ import annotations

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.references.reference import Algorithm, Reference


def cumsum(x: Array, /, *, axis: int = -1) -> Array:
    """The sum of each element and all before it."""
    return array_namespace(x).cumulative_sum(x, axis=axis, dtype=x.dtype)


def cumsum_pullback(g: Array, x: Array, /, *, axis: int = -1) -> tuple[Array]:
    """The sum of each cotangent and all after it."""
    del x
    xp = array_namespace(g)
    return (xp.flip(cumsum(xp.flip(g, axis=axis), axis=axis), axis=axis),)


def cumsum_pullback_by_rest(g: Array, x: Array, /, *, axis: int = -1) -> tuple[Array]:
    """sum(g) - cumsum(g) + g."""
    del x
    xp = array_namespace(g)
    total = xp.sum(g, axis=axis, dtype=g.dtype, keepdims=True)
    return (total - cumsum(g, axis=axis) + g,)


REFERENCES = (
    Reference("cumsum", (Algorithm("cumsum(x)", cumsum, "any scan"),)),
    Reference(
        "cumsum.pullback",
        (Algorithm("cumsum(g) from the end", cumsum_pullback, "any scan"),),
        worse=(
            Algorithm(
                "sum(g) - cumsum(g) + g",
                cumsum_pullback_by_rest,
                "cancels near the end",
            ),
        ),
    ),
)
