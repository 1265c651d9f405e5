"""References for the variance and the standard deviation.

n - correction is the divisor. Where that is 0 or less, nothing is said but that 0 / 0
is NaN.
"""

from __future__ import annotations

from math import inf

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.references.centering import centered, mean
from scratchnet.testing.references.reductions import Axes, count, normalized, repeated
from scratchnet.testing.references.reference import Algorithm, Reference, either


def var(
    x: Array, /, *, axis: Axes = -1, correction: float = 0, keepdims: bool = False
) -> Array:
    """The variance by two passes, by Welford's formula, or of parts that are merged.

    One algorithm: the bound of the function covers them all. A part of one number that
    is not finite has no square 0, or that of inf would be 0: it is NaN.
    """
    xp, axes = array_namespace(x), normalized(axis, x.ndim)
    return xp.var(x, axis=axes, correction=correction, keepdims=keepdims)


def std(
    x: Array, /, *, axis: Axes = -1, correction: float = 0, keepdims: bool = False
) -> Array:
    """The root of the variance, which is computed in any of these ways."""
    xp, axes = array_namespace(x), normalized(axis, x.ndim)
    return xp.std(x, axis=axes, correction=correction, keepdims=keepdims)


def var_of_squares(
    x: Array, /, *, axis: Axes = -1, correction: float = 0, keepdims: bool = False
) -> Array:
    """mean(x^2) - mean(x)^2, times n / (n - correction); or the same of sums."""
    xp, n = array_namespace(x), count(x, axis)
    divisor = max(n - correction, 0)
    over = {"axis": normalized(axis, x.ndim), "keepdims": keepdims}
    mean, total = xp.mean(x, **over), xp.sum(x, dtype=x.dtype, **over)
    squares = xp.sum(x * x, dtype=x.dtype, **over)
    return either(
        (xp.mean(x * x, **over) - mean * mean) * (n / divisor if divisor else inf),
        (squares - n * (mean * mean)) / divisor,
        (squares - total * total / n) / divisor,
    )


def std_of_squares(
    x: Array, /, *, axis: Axes = -1, correction: float = 0, keepdims: bool = False
) -> Array:
    """The root of that, which is NaN where rounding has made it negative."""
    squared = var_of_squares(x, axis=axis, correction=correction, keepdims=keepdims)
    return array_namespace(x).sqrt(squared)


def var_pullback(
    g: Array,
    x: Array,
    /,
    *,
    axis: Axes = -1,
    correction: float = 0,
    keepdims: bool = False,
) -> tuple[Array]:
    """2 g d / (n - correction), from either side, with d = x - mean(x)."""
    del keepdims
    d = centered(x, axis)
    return (_parted(repeated(g, x, axis), d, count(x, axis) - correction),)


def var_pullback_by_chain(
    g: Array,
    x: Array,
    /,
    *,
    axis: Axes = -1,
    correction: float = 0,
    keepdims: bool = False,
) -> tuple[Array]:
    """t - mean(t), where t is that: what two passes are differentiated to, whose mean
    depends on x, too."""
    (t,) = var_pullback(g, x, axis=axis, correction=correction, keepdims=keepdims)
    return (centered(t, axis),)


def var_pullback_of_squares(
    g: Array,
    x: Array,
    /,
    *,
    axis: Axes = -1,
    correction: float = 0,
    keepdims: bool = False,
) -> tuple[Array]:
    """2 g x / (n - correction) - 2 g mean(x) / (n - correction)."""
    del keepdims
    g, left = repeated(g, x, axis), count(x, axis) - correction
    return (_parted(g, x, left) - _parted(g, mean(x, axis), left),)


def std_pullback(
    g: Array,
    x: Array,
    /,
    *,
    axis: Axes = -1,
    correction: float = 0,
    keepdims: bool = False,
) -> tuple[Array]:
    """The pullback of the variance, of g / (2 s), or g d / ((n - correction) s).

    Of a constant slice it is 0 in PyTorch and 0 / 0 elsewhere, and where the mean
    rounds it may be anything: nothing is said of it.
    """
    del keepdims
    g, d, s = repeated(g, x, axis), centered(x, axis), _deviation(x, axis, correction)
    left = count(x, axis) - correction
    whole = max(left, 0)
    return (
        either(
            _parted(_halved(g, s), d, left),
            (g * d) / (whole * s),
            (g / s) * (d / whole),
        ),
    )


def std_pullback_by_chain(
    g: Array,
    x: Array,
    /,
    *,
    axis: Axes = -1,
    correction: float = 0,
    keepdims: bool = False,
) -> tuple[Array]:
    """t - mean(t), where t is that."""
    (t,) = std_pullback(g, x, axis=axis, correction=correction, keepdims=keepdims)
    return (centered(t, axis),)


def _deviation(x: Array, axis: Axes, correction: float) -> Array:
    return std(x, axis=axis, correction=correction, keepdims=True)


def _halved(g: Array, s: Array) -> Array:
    """g / (2 s), the pullback of the root, but 0 where s is 0."""
    xp = array_namespace(g)
    return xp.where(s == 0, xp.zeros_like(g), g / (2.0 * s))


def _parted(g: Array, d: Array, left: float) -> Array:
    """2 g d / left, where PyTorch divides by a negative number, and NumPy by 0."""
    factor, whole = 2.0 / left if left else inf, max(left, 0)
    return either(
        (factor * g) * d,
        (factor * d) * g,
        (g * (2.0 * d)) / whole,
        (g / whole) * (2.0 * d),
    )


CHAIN = "as two passes are differentiated"
CANCELS = "cancels where the mean is large"
REFERENCES = (
    Reference(
        "var",
        (
            Algorithm(
                "sum((x - mean(x))^2) / (n - correction)",
                var,
                "by two passes, by Welford's formula, or of parts in any tree",
            ),
        ),
        worse=(Algorithm("mean(x^2) - mean(x)^2", var_of_squares, CANCELS),),
    ),
    Reference(
        "var.pullback",
        (
            Algorithm("2 g d / (n - correction)", var_pullback, "d = x - mean(x)"),
            Algorithm("t - mean(t)", var_pullback_by_chain, CHAIN),
        ),
        worse=(
            Algorithm(
                "(2 g x - 2 g mean(x)) / (n - correction)",
                var_pullback_of_squares,
                CANCELS,
            ),
        ),
    ),
    Reference(
        "std",
        (Algorithm("sqrt(var(x))", std, "var by each of its algorithms"),),
        worse=(Algorithm("sqrt(mean(x^2) - mean(x)^2)", std_of_squares, CANCELS),),
    ),
    Reference(
        "std.pullback",
        (
            Algorithm(
                "g d / ((n - correction) s)",
                std_pullback,
                "d = x - mean(x), s = std(x)",
            ),
            Algorithm("t - mean(t)", std_pullback_by_chain, CHAIN),
        ),
    ),
)
