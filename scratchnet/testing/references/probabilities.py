"""References for binary cross-entropy of probabilities p between 0 and 1.

A certain prediction that is right, p = t of 0 or 1, costs 0: the limit of p log p, and
what PyTorch and every form with xlogy give. The formula as it is written makes NaN of 0
times infinity there, the end of many a training: that is documented as worse. Of one
that is not quite right, p = 0 with t > 0, the cost is infinite; but PyTorch, which lets
no logarithm be below -100, says 100 t: nothing is claimed. Nothing is claimed either of
gradients where p is 0 or 1: they are infinite, 0 / 0, or what PyTorch makes of them,
which lets no divisor p (1 - p) be below 1e-12. Both limits are accepted where they
show: below exp(-100) and 1e-12, for p or 1 - p. Clipping p by 1e-7 shows far earlier,
and is documented as worse.
"""

from __future__ import annotations

from math import prod

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.references.losses import portion, reduced
from scratchnet.testing.references.reference import Algorithm, Reference, either

#: No logarithm is below this, and no divisor, in PyTorch.
LEAST_LOGARITHM, LEAST_DIVISOR = -100.0, 1e-12
#: How far from 0 and 1 probabilities are kept, as in Keras.
CLIPPED = 1e-7


def bce_of_limits(p: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """-(t log(p) + (1 - t) log(1 - p)), where 0 times a logarithm is 0."""
    log_p, log_rest = _logarithms(p)
    costs = -(_weighed(t, log_p) + _weighed(1.0 - t, log_rest))
    return reduced(costs, reduction)


def bce_of_limited_logarithms(
    p: Array, t: Array, /, *, reduction: str = "mean"
) -> Array:
    """The same with no logarithm below -100."""
    log_p, log_rest = _limited(p)
    return reduced(-(t * log_p + (1.0 - t) * log_rest), reduction)


def bce_as_written(p: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """The same, where 0 times the logarithm of 0 is NaN."""
    log_p, log_rest = _logarithms(p)
    return reduced(-(t * log_p + (1.0 - t) * log_rest), reduction)


def bce_of_clipped(p: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """The same of a probability from 1e-7 to 1 - 1e-7."""
    return bce_as_written(_clipped(p), t, reduction=reduction)


def _logarithms(p: Array) -> tuple[Array, Array]:
    """log(p), and log(1 - p), where the difference may round or may not."""
    xp = array_namespace(p)
    return xp.log(p), either(xp.log1p(-p), xp.log(1.0 - p))


def _limited(p: Array) -> tuple[Array, Array]:
    xp = array_namespace(p)
    first, rest = _logarithms(p)
    least = xp.full_like(p, LEAST_LOGARITHM)
    return xp.maximum(first, least), xp.maximum(rest, least)


def _weighed(weight: Array, logarithm: Array) -> Array:
    """weight * logarithm, and 0 where the weight is."""
    xp = array_namespace(weight)
    return xp.where(weight == 0, xp.zeros_like(weight), weight * logarithm)


def _clipped(p: Array) -> Array:
    return array_namespace(p).clip(p, CLIPPED, 1.0 - CLIPPED)


def bce_pullback(
    g: Array, p: Array, t: Array, /, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """(g (p - t) / (p (1 - p)), g (log(1 - p) - log(p))), divided by n first or last;
    the first also as g (1 - t) / (1 - p) - g t / p, g first or last."""
    first = portion(g, prod(p.shape), reduction)
    by_p = either(
        _shared_out(g, (1.0 - t) / (1.0 - p) - t / p, reduction),
        _term(first, 1.0 - t, 1.0 - p) - _term(first, t, p),
        portion(_term(g, 1.0 - t, 1.0 - p) - _term(g, t, p), prod(p.shape), reduction),
        _over(g, p, t, p * (1.0 - p), reduction),
    )
    log_p, log_rest = _logarithms(p)
    odds = -array_namespace(p).log(p / (1.0 - p))
    by_t = either(
        _shared_out(g, either(log_rest - log_p, odds), reduction),
        first * log_rest - first * log_p,
        portion(g * log_rest - g * log_p, prod(p.shape), reduction),
    )
    return by_p, by_t


def bce_pullback_limited(
    g: Array, p: Array, t: Array, /, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """The same with no divisor below 1e-12, and no logarithm below -100."""
    xp = array_namespace(p)
    divisor = xp.maximum(p * (1.0 - p), xp.full_like(p, LEAST_DIVISOR))
    log_p, log_rest = _limited(p)
    by_t = _shared_out(g, log_rest - log_p, reduction)
    return _over(g, p, t, divisor, reduction), by_t


def bce_pullback_clipped(
    g: Array, p: Array, t: Array, /, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """The same of a clipped probability: by p it is 0 beyond."""
    xp, kept = array_namespace(p), _clipped(p)
    by_p, by_t = bce_pullback(g, kept, t, reduction=reduction)
    return xp.where(kept != p, xp.zeros_like(by_p), by_p), by_t


def _over(g: Array, p: Array, t: Array, divisor: Array, reduction: str) -> Array:
    """g (p - t) / divisor, and its n-th part, in each order."""
    off, n = p - t, prod(p.shape)
    first = portion(g, n, reduction)
    return either(
        first * (off / divisor),
        (first * off) / divisor,
        portion(g * (off / divisor), n, reduction),
        portion((g * off) / divisor, n, reduction),
    )


def _term(g: Array, weight: Array, divisor: Array) -> Array:
    """g weight / divisor, in any order: as of a sum, g first."""
    return either(
        (g * weight) / divisor, g * (weight / divisor), (g / divisor) * weight
    )


def _shared_out(g: Array, slope: Array, reduction: str) -> Array:
    n = prod(slope.shape)
    first = portion(g, n, reduction) * slope
    return either(first, portion(g * slope, n, reduction))


REFERENCES = (
    Reference(
        "bce_of_probabilities",
        (
            Algorithm(
                "-(t log(p) + (1 - t) log(1 - p))",
                bce_of_limits,
                "by log1p(-p) as well; where 0 times a logarithm is 0, as in xlogy",
            ),
            Algorithm(
                "max(log(p), -100) for each logarithm",
                bce_of_limited_logarithms,
                "as in PyTorch",
            ),
        ),
        worse=(
            Algorithm(
                "0 times the logarithm of 0",
                bce_as_written,
                "NaN where a certain prediction is right",
            ),
            Algorithm(
                "of p from 1e-7 to 1 - 1e-7",
                bce_of_clipped,
                "no miss costs more than 16, and no hit nothing",
            ),
        ),
    ),
    Reference(
        "bce_of_probabilities.pullback",
        (
            Algorithm(
                "g (p - t) / (p (1 - p)), g (log(1 - p) - log(p))",
                bce_pullback,
                "the first also as g (1 - t) / (1 - p) - g t / p, g first or last",
            ),
            Algorithm(
                "g (p - t) / max(p (1 - p), 1e-12)",
                bce_pullback_limited,
                "as in PyTorch; logarithms of at least -100",
            ),
        ),
        worse=(
            Algorithm(
                "of p from 1e-7 to 1 - 1e-7", bce_pullback_clipped, "0 beyond that"
            ),
        ),
    ),
)
