"""References for the logarithm of a sum of exponentials.

Of nothing but -inf it is -inf, and inf of a slice that holds inf: as in PyTorch. The
shift is 0 there; code that subtracts an infinite maximum gets NaN, which is wrong.
"""

from __future__ import annotations

from math import ceil, floor, log

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.formats import format_of
from scratchnet.testing.references.reductions import Axes, count, normalized, repeated
from scratchnet.testing.references.reference import Algorithm, Reference, either
from scratchnet.testing.references.softmax import MERGED, UNSHIFTED, merged


def logsumexp_shifted(x: Array, /, *, axis: Axes = -1, keepdims: bool = False) -> Array:
    """m + log(sum(exp(x - m))) with m = max(x), but 0 where that is infinite."""
    return _without_sides(_shifted(x, axis), x, axis, keepdims)


def logsumexp_unshifted(
    x: Array, /, *, axis: Axes = -1, keepdims: bool = False
) -> Array:
    """log(sum(exp(x))), where no exponential gets out of range; else shifted."""
    xp = array_namespace(x)
    plain = xp.log(_total(x, axis))
    found = xp.where(_in_range(x, axis), plain, _shifted(x, axis))
    return _without_sides(found, x, axis, keepdims)


def logsumexp_merged(x: Array, /, *, axis: Axes = -1, keepdims: bool = False) -> Array:
    """logaddexp of the elements, two by two in any order."""
    return _without_sides(merged(x, axis, _shifted(x, axis)), x, axis, keepdims)


def _shifted(x: Array, axis: Axes) -> Array:
    xp, largest = array_namespace(x), _largest(x, axis)
    shift = xp.where(xp.isinf(largest), xp.zeros_like(largest), largest)
    return shift + xp.log(_total(x - shift, axis))


def _total(x: Array, axis: Axes) -> Array:
    xp = array_namespace(x)
    axes = normalized(axis, x.ndim)
    return xp.sum(xp.exp(x), axis=axes, dtype=x.dtype, keepdims=True)


def _largest(x: Array, axis: Axes) -> Array:
    return array_namespace(x).max(x, axis=normalized(axis, x.ndim), keepdims=True)


def _in_range(x: Array, axis: Axes) -> Array:
    """Where the sum of the exponentials of a slice is a normal number."""
    largest = _largest(x, axis)
    last = floor(log(format_of(x.dtype).largest)) - ceil(log(count(x, axis))) - 2
    return (largest <= last) & (largest >= -last)


def _without_sides(found: Array, x: Array, axis: Axes, keepdims: bool) -> Array:
    if keepdims:
        return found
    return array_namespace(x).squeeze(found, axis=normalized(axis, x.ndim))


def logsumexp_pullback(
    g: Array, x: Array, /, *, axis: Axes = -1, keepdims: bool = False
) -> tuple[Array]:
    """g softmax(x), or g exp(x - logsumexp(x)): in a slice that holds inf only the
    second is 0 at the others, and that is nobody's promise."""
    del keepdims
    xp = array_namespace(x)
    shifted = x - _largest(x, axis)
    powers, total = xp.exp(shifted), _total(shifted, axis)
    share = either(
        powers / total, xp.exp(shifted - xp.log(total)), xp.exp(x - _shifted(x, axis))
    )
    return (repeated(g, x, axis) * share,)


def logsumexp_pullback_merged(
    g: Array, x: Array, /, *, axis: Axes = -1, keepdims: bool = False
) -> tuple[Array]:
    """g exp(x - logsumexp(x)), merged two by two."""
    del keepdims
    total = merged(x, axis, _shifted(x, axis))
    return (repeated(g, x, axis) * array_namespace(x).exp(x - total),)


REFERENCES = (
    Reference(
        "logsumexp",
        (
            Algorithm(
                "m + log(sum(exp(x - m)))",
                logsumexp_shifted,
                "m = max(x), but 0 where that is infinite",
            ),
        ),
        worse=(
            Algorithm("log(sum(exp(x)))", logsumexp_unshifted, UNSHIFTED),
            Algorithm("logaddexp, two by two", logsumexp_merged, MERGED),
        ),
    ),
    Reference(
        "logsumexp.pullback",
        (
            Algorithm(
                "g softmax(x), or g exp(x - logsumexp(x))",
                logsumexp_pullback,
                "softmax by each of its algorithms",
            ),
        ),
        worse=(
            Algorithm(
                "g exp(x - logsumexp(x)), two by two", logsumexp_pullback_merged, MERGED
            ),
        ),
    ),
)
