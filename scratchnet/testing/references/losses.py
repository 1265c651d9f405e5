"""References for losses of pairs of numbers: binary cross-entropy of logits, and the
squared error; each with a reduction."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.references.activations import sigmoid
from scratchnet.testing.references.reductions import (
    averaged,
    divided,
    multiplied,
    sum_of,
)
from scratchnet.testing.references.reference import (
    Algorithm,
    Reference,
    either,
    require_reduction,
)


def reduced(costs: Array, reduction: str, /) -> Array:
    """The costs, their sum or their mean."""
    require_reduction(reduction)
    if reduction == "none":
        return costs
    return averaged(costs) if reduction == "mean" else sum_of(costs)


def portion(x: Array, n: int, reduction: str, /) -> Array:
    """x as it is, or its n-th part where the reduction is a mean."""
    require_reduction(reduction)
    if reduction != "mean":
        return x
    return either(divided(x, n), multiplied(x, n))


def bce_of_positive_part(x: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """max(x, 0) - x t + log1p(exp(-abs(x)))."""
    return reduced(_positive_part(x, t), reduction)


def bce_of_softplus(x: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """(1 - t) x + softplus(-x), where that is max(-x, 0) + log1p(exp(-abs(x)))."""
    return reduced(_softplus(x, t), reduction)


def bce_of_miss(x: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """(1 - t) x where x > 0, else -t x, + log1p(exp(-abs(x))): nothing cancels."""
    return reduced(_miss(x, t), reduction)


def bce_of_either(x: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """The sum of costs of which each is by any formula: at an infinite logit each
    formula is NaN for another target."""
    return reduced(
        either(_positive_part(x, t), _softplus(x, t), _miss(x, t)), reduction
    )


def _positive_part(x: Array, t: Array) -> Array:
    xp = array_namespace(x)
    return xp.maximum(x, xp.zeros_like(x)) - x * t + _softening(x)


def _softplus(x: Array, t: Array) -> Array:
    xp = array_namespace(x)
    return (1.0 - t) * x + (xp.maximum(-x, xp.zeros_like(x)) + _softening(x))


def _miss(x: Array, t: Array) -> Array:
    missed = array_namespace(x).where(x > 0, 1.0 - t, -t)
    return missed * x + _softening(x)


def _softening(x: Array) -> Array:
    """log(1 + exp(-abs(x))): what softplus is above the positive part."""
    xp = array_namespace(x)
    return xp.log1p(xp.exp(-xp.abs(x)))


def bce_pullback(
    g: Array, x: Array, t: Array, /, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """(g (sigmoid(x) - t), -g x), each divided by n first or last."""
    off, n = sigmoid(x) - t, prod(x.shape)
    first = portion(g, n, reduction)
    return (
        either(first * off, portion(g * off, n, reduction)),
        either(-first * x, portion(-g * x, n, reduction)),
    )


def mse(x: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """(x - t)^2."""
    difference = x - t
    return reduced(difference * difference, reduction)


def _mse_pullback(
    formula: Callable[[Array, Array, int, str], Array],
) -> Callable[..., tuple[Array, Array]]:
    """The pullback (d, -d) with d = 2 g (x - t) / n in the order of the formula."""

    def pullback(
        g: Array, x: Array, t: Array, /, *, reduction: str = "mean"
    ) -> tuple[Array, Array]:
        d = formula(g, x - t, prod(x.shape), reduction)
        return d, -d

    return pullback


def _divided_first(g: Array, difference: Array, n: int, reduction: str) -> Array:
    return portion(g, n, reduction) * (2.0 * difference)


def _divided_last(g: Array, difference: Array, n: int, reduction: str) -> Array:
    return portion(g * (2.0 * difference), n, reduction)


def _constant_first(g: Array, difference: Array, n: int, reduction: str) -> Array:
    """As in PyTorch: 2 / n is a constant."""
    require_reduction(reduction)
    constant = 2.0 / n if reduction == "mean" and n else 2.0
    return (constant * difference) * g


REFERENCES = (
    Reference(
        "binary_cross_entropy",
        (
            Algorithm("max(x, 0) - x t + log1p(exp(-abs(x)))", bce_of_positive_part),
            Algorithm("(1 - t) x + softplus(-x)", bce_of_softplus, "as in PyTorch"),
            Algorithm(
                "((1 - t) x if x > 0 else -t x) + log1p(exp(-abs(x)))",
                bce_of_miss,
                "nothing cancels where the probability nears the target",
            ),
            Algorithm(
                "each cost by any of these",
                bce_of_either,
                "at an infinite logit each is NaN for another target",
            ),
        ),
    ),
    Reference(
        "binary_cross_entropy.pullback",
        (
            Algorithm(
                "g (sigmoid(x) - t), -g x",
                bce_pullback,
                "divided by n first or last, sigmoid by each of its algorithms",
            ),
        ),
    ),
    Reference("mse", (Algorithm("(x - t)^2", mse),)),
    Reference(
        "mse.pullback",
        (
            Algorithm("(g / n) (2 (x - t))", _mse_pullback(_divided_first)),
            Algorithm("(g (2 (x - t))) / n", _mse_pullback(_divided_last)),
            Algorithm(
                "((2 / n) (x - t)) g", _mse_pullback(_constant_first), "as in PyTorch"
            ),
        ),
    ),
)
