"""References for sums and means. A sum is one algorithm: its bound covers any order."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod

from scratchnet.arrays import Array, array_namespace
from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded import Bounded, variance
from scratchnet.testing.references.reference import Algorithm, Reference, either

Axes = int | tuple[int, ...] | None


def sum_of(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """The sum of x over axes; of nothing it is 0."""
    xp = array_namespace(x)
    axes = normalized(axis, x.ndim)
    return xp.sum(x, axis=axes, dtype=x.dtype, keepdims=keepdims)


def sum_pullback(
    g: Array, x: Array, /, *, axis: Axes = None, keepdims: bool = False
) -> tuple[Array]:
    """g, repeated along the summed axes."""
    del keepdims  # the sides of g are those of x but for the summed ones
    return (repeated(g, x, axis),)


def divided(x: Array, n: int, /) -> Array:
    """x / n."""
    return x / n


def multiplied(x: Array, n: int, /) -> Array:
    """x * (1 / n), where 1 / n rounds too."""
    return x * (1 / n if n else inf)


#: A part in n of x.
Share = Callable[[Array, int], Array]


def _mean_by(share: Share) -> Callable[..., Array]:
    def mean(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:
        return share(sum_of(x, axis=axis, keepdims=keepdims), count(x, axis))

    return mean


def mean_updated(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """m + (x - m) / k, number by number, or of parts that are merged; where that is
    finite, as inf - inf is no mean."""
    xp, axes = array_namespace(x), normalized(axis, x.ndim)
    kept = xp.mean(x, axis=axes, keepdims=True)
    if isinstance(x, Bounded):
        kept = variance.mean_in_any_way(x, axis=axes)
    else:
        updated = xp.reshape(_updated(rows_of(x, axis)), tuple(kept.shape))
        kept = xp.where(xp.isfinite(kept), updated, kept)
    return kept if keepdims else xp.squeeze(kept, axis=axes)


def _updated(rows: Array) -> Array:
    kept = array_namespace(rows).zeros(rows.shape[:-1], dtype=rows.dtype)
    for k in range(rows.shape[-1]):
        kept = kept + (rows[..., k] - kept) / (k + 1)
    return kept


def _mean_pullback_by(share: Share) -> Callable[..., tuple[Array]]:
    def pullback(
        g: Array, x: Array, /, *, axis: Axes = None, keepdims: bool = False
    ) -> tuple[Array]:
        del keepdims
        return (repeated(share(g, count(x, axis)), x, axis),)

    return pullback


def averaged(x: Array, /) -> Array:
    """The mean of all elements, in each accepted way."""
    total = sum_of(x)
    n = prod(x.shape)
    return either(divided(total, n), multiplied(total, n))


def normalized(axis: Axes, rank: int, /) -> tuple[int, ...]:
    """The axes as non-negative integers; all of them for None.

    Raises ArgumentError for an axis that an array of this rank does not have.
    """
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else axis
    if any(not -rank <= i < rank for i in axes):
        raise ArgumentError("reference", f"axis={axis}", f"required within rank {rank}")
    return tuple(i % rank for i in axes)


def count(x: Array, axis: Axes, /) -> int:
    """How many elements go into each result."""
    return prod(x.shape[i] for i in normalized(axis, x.ndim))


def rows_of(x: Array, axis: Axes, /) -> Array:
    """x with the axes of a reduction as one, the last."""
    xp, axes = array_namespace(x), normalized(axis, x.ndim)
    others = tuple(i for i in range(x.ndim) if i not in axes)
    # How many go into each is said: -1 is nobody's number where there are no rows.
    sides = (*(x.shape[i] for i in others), count(x, axis))
    return xp.reshape(xp.permute_dims(x, others + axes), sides)


def repeated(g: Array, x: Array, axis: Axes, /) -> Array:
    """g in the shape of x, over axes of which g is the cotangent of a reduction."""
    xp = array_namespace(g)
    axes = normalized(axis, x.ndim)
    kept = tuple(1 if i in axes else side for i, side in enumerate(x.shape))
    return xp.broadcast_to(xp.reshape(g, kept), tuple(x.shape))


REFERENCES = (
    Reference("sum", (Algorithm("sum(x)", sum_of, "in any order"),)),
    Reference("sum.pullback", (Algorithm("repeat", sum_pullback, "exact"),)),
    Reference(
        "mean",
        (
            Algorithm("sum(x) / n", _mean_by(divided)),
            Algorithm("sum(x) * (1 / n)", _mean_by(multiplied), "1 / n rounds too"),
        ),
        worse=(
            Algorithm(
                "m + (x - m) / k", mean_updated, "number by number, or parts merged"
            ),
        ),
    ),
    Reference(
        "mean.pullback",
        (
            Algorithm("g / n", _mean_pullback_by(divided)),
            Algorithm("g * (1 / n)", _mean_pullback_by(multiplied)),
        ),
    ),
)
