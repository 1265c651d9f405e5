"""References for l1 and smooth_l1: losses of how far pairs of numbers are apart."""

from __future__ import annotations

from math import prod

from scratchnet.arrays import Array, array_namespace
from scratchnet.errors import ArgumentError
from scratchnet.testing.references.losses import portion, reduced
from scratchnet.testing.references.reference import Algorithm, Reference, either


def l1(x: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """abs(x - t)."""
    return reduced(array_namespace(x).abs(x - t), reduction)


def l1_pullback(
    g: Array, x: Array, t: Array, /, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """(d, -d) with d = g sign(x - t), divided by n.

    Where x = t every slope from -1 to 1 is one of a subgradient: PyTorch and NumPy's
    sign take 0, x > t has -1 there and x >= t has 1. Of NaN nothing is said.
    """
    apart = x - t
    share = _wide(portion(g, prod(x.shape), reduction), x)
    d = _signed(apart, share, either(apart * share, share, -share))
    return d, -d


def smooth_l1(
    x: Array, t: Array, /, *, beta: float = 1.0, reduction: str = "mean"
) -> Array:
    """d^2 / (2 beta) where d = abs(x - t) < beta, else d - beta / 2."""
    _require_positive(beta)
    xp = array_namespace(x)
    d = xp.abs(x - t)
    costs = xp.where(d < beta, _squares(d, beta), _lines(d, beta))
    return reduced(costs, reduction)


def _squares(d: Array, beta: float) -> Array:
    """d^2 / (2 beta), in any order."""
    ratio = d / beta
    return either(
        (0.5 * (d * d)) / beta,
        (0.5 * d) * ratio,
        (d * d) * (0.5 / beta),
        beta * (0.5 * (ratio * ratio)),
    )


def _lines(d: Array, beta: float) -> Array:
    """d - beta / 2: as it is, of d / beta, by Huber's loss, and as what is above beta
    together with the cost of beta, as with q = min(d, beta)."""
    b = array_namespace(d).full_like(d, beta)
    return either(
        d - 0.5 * beta,
        beta * (d / beta - 0.5),
        (beta * (d - 0.5 * beta)) / beta,
        (0.5 * (b * b)) / beta + (d - b),
    )


def smooth_l1_pullback(
    g: Array, x: Array, t: Array, /, *, beta: float = 1.0, reduction: str = "mean"
) -> tuple[Array, Array]:
    """(d, -d) with d = g (x - t) / beta where that is nearer than beta, else g
    sign(x - t), divided by n. Of NaN nothing is said."""
    _require_positive(beta)
    xp, apart, n = array_namespace(x), x - t, prod(x.shape)
    share = _wide(portion(g, n, reduction), x)
    b = xp.full_like(x, beta)
    # Also by clipping to beta, and dividing by it last or, as Huber's, first.
    far = either(
        share,
        (share * b) / b,
        portion((g * b) / b, n, reduction),
        (share / b) * b,
        portion((g / b) * b, n, reduction),
    )
    ratio = either(apart / beta, apart * (1.0 / beta))
    near = either(
        share * ratio,
        (share * apart) / beta,
        portion(g * ratio, n, reduction),
        portion((g * apart) / beta, n, reduction),
        # As in PyTorch: 1 / n is a constant, and g comes last on some CPUs.
        (portion(apart, n, reduction) * g) / beta,
        either(portion(ratio, n, reduction), portion(apart, n, reduction) / beta) * g,
        (share / beta) * apart,
        portion((g / beta) * apart, n, reduction),
    )
    beyond = _signed(apart, far, either(apart * share, xp.zeros_like(share)))
    d = xp.where(xp.abs(apart) < beta, near, beyond)
    return d, -d


def _wide(share: Array, x: Array) -> Array:
    """A share of the cotangent in the shape of x."""
    return array_namespace(x).broadcast_to(share, tuple(x.shape))


def _signed(apart: Array, share: Array, otherwise: Array) -> Array:
    """The share with the sign of what is apart, or otherwise where that has none."""
    xp = array_namespace(apart)
    return xp.where(apart > 0, share, xp.where(apart < 0, -share, otherwise))


def _require_positive(beta: float) -> None:
    if not beta > 0:
        raise ArgumentError("smooth_l1", f"beta={beta!r}", "required more than 0")


REFERENCES = (
    Reference("l1", (Algorithm("abs(x - t)", l1),)),
    Reference(
        "l1.pullback",
        (
            Algorithm(
                "(g / n) sign(x - t)",
                l1_pullback,
                "where x = t any slope from -1 to 1",
            ),
        ),
    ),
    Reference(
        "smooth_l1",
        (
            Algorithm(
                "d^2 / (2 beta) where d < beta, else d - beta / 2",
                smooth_l1,
                "d = abs(x - t); in any order, of d / beta, as Huber's loss over beta, "
                "or of min(d, beta)",
            ),
        ),
    ),
    Reference(
        "smooth_l1.pullback",
        (
            Algorithm(
                "(g / n) (x - t) / beta, but from -g / n to g / n",
                smooth_l1_pullback,
                "in any order",
            ),
        ),
    ),
)
