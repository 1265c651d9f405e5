"""References for softmax and its logarithm, along one axis.

Blanchard, Higham, Higham, IMA J. Numer. Anal. 41 (2021), 2311-2330: shifting by the
maximum costs no accuracy. A slice holding NaN, or nothing but -inf, is NaN; of one that
holds +inf that entry is, and the others may be: `x - torch.logsumexp(x)` gives -inf.
"""

from __future__ import annotations

from math import ceil, floor, inf, log

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.bounded import Bounded, merging
from scratchnet.testing.formats import format_of
from scratchnet.testing.references.reductions import Axes, count, rows_of
from scratchnet.testing.references.reference import Algorithm, Reference, either


def log_softmax_shifted(x: Array, /, *, axis: int = -1) -> Array:
    """s - log(sum(exp(s))) with s = x - max(x)."""
    xp = array_namespace(x)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def logsumexp(x: Array, /, *, axis: int = -1) -> Array:
    """m + log(sum(exp(x - m))), with the axis kept: m = max(x), or 0 where that is
    infinite, as libraries have it. Of nothing but -inf both come to the same."""
    xp = array_namespace(x)
    largest = xp.max(x, axis=axis, keepdims=True)
    endless = xp.isinf(largest) & (largest > 0)
    finite = xp.where(endless, xp.zeros_like(largest), largest)
    first, second = (
        m + xp.log(xp.sum(xp.exp(x - m), axis=axis, keepdims=True))
        for m in (largest, finite)
    )
    return either(first, second)


def log_softmax_by_logsumexp(x: Array, /, *, axis: int = -1) -> Array:
    """x - logsumexp(x): errs by an ulp of max(x) even where the result is small."""
    return x - logsumexp(x, axis=axis)


def merged(x: Array, axis: Axes, whole: Array, /) -> Array:
    """logaddexp of all elements, two by two, with the axes kept: here from the first to
    the last. What it may be is derived from the whole, found by another algorithm."""
    if isinstance(x, Bounded):
        return merging.merged(whole, count(x, axis))
    xp, rows = array_namespace(x), rows_of(x, axis)
    total = xp.full_like(xp.reshape(whole, rows.shape[:-1]), -inf)
    for i in range(rows.shape[-1]):
        total = xp.logaddexp(total, rows[..., i])
    return xp.reshape(total, tuple(whole.shape))


def log_softmax_merged(x: Array, /, *, axis: int = -1) -> Array:
    """x - logsumexp(x), merged two by two."""
    return x - merged(x, axis, logsumexp(x, axis=axis))


def softmax_merged(x: Array, /, *, axis: int = -1) -> Array:
    """exp(x - logsumexp(x)), merged two by two."""
    return array_namespace(x).exp(log_softmax_merged(x, axis=axis))


def log_softmax_unshifted(x: Array, /, *, axis: int = -1) -> Array:
    """x - log(sum(exp(x))), where no exponential gets out of range; else shifted."""
    xp = array_namespace(x)
    plain = x - xp.log(xp.sum(xp.exp(x), axis=axis, keepdims=True))
    return xp.where(_in_range(x, axis), plain, log_softmax_shifted(x, axis=axis))


def log_of_softmax(x: Array, /, *, axis: int = -1) -> Array:
    """log(softmax(x)): small probabilities lose digits as they underflow."""
    return array_namespace(x).log(softmax_shifted(x, axis=axis))


def log_softmax(x: Array, /, *, axis: int = -1) -> Array:
    """The logarithm of softmax in every accepted way."""
    return either(
        log_softmax_shifted(x, axis=axis), log_softmax_by_logsumexp(x, axis=axis)
    )


def softmax_shifted(x: Array, /, *, axis: int = -1) -> Array:
    """exp(s) / sum(exp(s)) with s = x - max(x)."""
    xp = array_namespace(x)
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def softmax_by_logsumexp(x: Array, /, *, axis: int = -1) -> Array:
    """exp(x - logsumexp(x))."""
    return array_namespace(x).exp(log_softmax_by_logsumexp(x, axis=axis))


def softmax_by_logarithm(x: Array, /, *, axis: int = -1) -> Array:
    """exp of the shifted log_softmax(x)."""
    return array_namespace(x).exp(log_softmax_shifted(x, axis=axis))


def softmax_unshifted(x: Array, /, *, axis: int = -1) -> Array:
    """exp(x) / sum(exp(x)), where no exponential gets out of range; else shifted."""
    xp = array_namespace(x)
    powers = xp.exp(x)
    plain = powers / xp.sum(powers, axis=axis, keepdims=True)
    return xp.where(_in_range(x, axis), plain, softmax_shifted(x, axis=axis))


def _in_range(x: Array, axis: int) -> Array:
    """Where the sum of the exponentials of a slice is a normal number.

    Out of range the unshifted forms are wrong, and no bound may excuse them.
    """
    xp = array_namespace(x)
    largest = xp.max(x, axis=axis, keepdims=True)
    last = floor(log(format_of(x.dtype).largest)) - ceil(log(x.shape[axis])) - 2
    return (largest <= last) & (largest >= -last)


def softmax(x: Array, /, *, axis: int = -1) -> Array:
    """softmax in every accepted way."""
    return either(
        softmax_shifted(x, axis=axis),
        softmax_by_logsumexp(x, axis=axis),
        softmax_by_logarithm(x, axis=axis),
    )


def softmax_pullback(g: Array, x: Array, /, *, axis: int = -1) -> tuple[Array]:
    """y (g - sum(g y)), or y g - y sum(g y), with y = softmax(x)."""
    xp, y = array_namespace(x), softmax(x, axis=axis)
    product = g * y
    total = xp.sum(product, axis=axis, keepdims=True)
    return (either(y * (g - total), product - y * total),)


def log_softmax_pullback(g: Array, x: Array, /, *, axis: int = -1) -> tuple[Array]:
    """g - y sum(g) with y = softmax(x), of which exp(log_softmax(x)) is one way."""
    xp, y = array_namespace(x), softmax(x, axis=axis)
    return (g - y * xp.sum(g, axis=axis, keepdims=True),)


UNSHIFTED = "overflows where max(x) is large, and is NaN where all x are very negative"
MERGED = "by logaddexp: each merge rounds once more"
REFERENCES = (
    Reference(
        "softmax",
        (
            Algorithm("exp(s) / sum(exp(s))", softmax_shifted, "s = x - max(x)"),
            Algorithm("exp(x - logsumexp(x))", softmax_by_logsumexp),
            Algorithm("exp(log_softmax(x))", softmax_by_logarithm),
        ),
        worse=(
            Algorithm("exp(x) / sum(exp(x))", softmax_unshifted, UNSHIFTED),
            Algorithm("exp(x - logsumexp(x)), two by two", softmax_merged, MERGED),
        ),
    ),
    Reference(
        "softmax.pullback",
        (
            Algorithm(
                "y (g - sum(g y)), or y g - y sum(g y)",
                softmax_pullback,
                "y = softmax(x), by each of its algorithms",
            ),
        ),
    ),
    Reference(
        "log_softmax",
        (
            Algorithm("s - log(sum(exp(s)))", log_softmax_shifted, "s = x - max(x)"),
            Algorithm("x - logsumexp(x)", log_softmax_by_logsumexp),
        ),
        worse=(
            Algorithm("x - log(sum(exp(x)))", log_softmax_unshifted, UNSHIFTED),
            Algorithm("log(softmax(x))", log_of_softmax, "-inf where softmax is 0"),
            Algorithm("x - logsumexp(x), two by two", log_softmax_merged, MERGED),
        ),
    ),
    Reference(
        "log_softmax.pullback",
        (
            Algorithm(
                "g - y sum(g)",
                log_softmax_pullback,
                "y = softmax(x), by each of its algorithms: exp(log_softmax(x)), too",
            ),
        ),
    ),
)
