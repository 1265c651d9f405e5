"""Losses of pairs of numbers, and their pullbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.arrays import Array, array_namespace

Pullback = Callable[[Array], tuple[Any, ...]]


def _require_alike(x: Array, t: Array) -> None:
    if x.shape != t.shape:
        raise ValueError("each number has one target")


def _reduced(costs: Array, reduction: str) -> Array:
    """The costs, their sum or their mean."""
    xp = array_namespace(costs)
    if reduction == "none":
        return costs
    if reduction == "sum":
        return xp.sum(costs)
    if reduction != "mean":
        raise ValueError(f"no such reduction: {reduction}")
    return xp.sum(costs) / _count(costs)


def _count(x: Array) -> int:
    """How many numbers there are."""
    count = 1
    for side in x.shape:
        count *= side
    return count


def _share(g: Array, x: Array, reduction: str) -> Array:
    """What of the cotangent falls to each cost."""
    if reduction != "mean":
        return g
    # Without numbers nobody asks for a share.
    return g / max(_count(x), 1)


def binary_cross_entropy(x: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """softplus(x) - x t, of logits and probabilities."""
    xp = array_namespace(x)
    _require_alike(x, t)
    softened = xp.log1p(xp.exp(-xp.abs(x)))
    costs = xp.maximum(x, xp.zeros_like(x)) - x * t + softened
    return _reduced(costs, reduction)


def binary_cross_entropy_vjp(
    x: Array, t: Array, /, *, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """binary_cross_entropy(...) and its pullback: g (sigmoid(x) - t) and -g x."""
    xp = array_namespace(x)
    power = xp.exp(-xp.abs(x))
    p = xp.where(x >= 0, xp.ones_like(x), power) / (1 + power)

    def pullback(g: Array) -> tuple[Array, Array]:
        share = _share(g, x, reduction)
        return share * (p - t), -share * x

    return binary_cross_entropy(x, t, reduction=reduction), pullback


def mse(x: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """The squares of differences."""
    _require_alike(x, t)
    apart = x - t
    return _reduced(apart * apart, reduction)


def mse_vjp(
    x: Array, t: Array, /, *, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """mse(...) and its pullback: 2 g (x - t) and the opposite."""

    def pullback(g: Array) -> tuple[Array, Array]:
        slope = _share(g, x, reduction) * (2 * (x - t))
        return slope, -slope

    return mse(x, t, reduction=reduction), pullback


def smooth_l1(
    x: Array, t: Array, /, *, beta: float = 1.0, reduction: str = "mean"
) -> Array:
    """d^2 / (2 beta) nearer than beta, d - beta / 2 farther off."""
    xp = array_namespace(x)
    _require_alike(x, t)
    d = xp.abs(x - t)
    costs = xp.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta)
    return _reduced(costs, reduction)


def smooth_l1_vjp(
    x: Array, t: Array, /, *, beta: float = 1.0, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """smooth_l1(...) and its pullback: g (x - t) / beta, at most g."""
    xp = array_namespace(x)
    apart = x - t
    slope = xp.where(xp.abs(apart) < beta, apart / beta, xp.sign(apart))

    def pullback(g: Array) -> tuple[Array, Array]:
        pulled = _share(g, x, reduction) * slope
        return pulled, -pulled

    return smooth_l1(x, t, beta=beta, reduction=reduction), pullback


def bce_of_probabilities(p: Array, t: Array, /, *, reduction: str = "mean") -> Array:
    """-t log(p) - (1 - t) log(1 - p), where 0 times anything is 0."""
    xp = array_namespace(p)
    _require_alike(p, t)
    hit = xp.where(t == 0, xp.zeros_like(p), t * xp.log(p))
    miss = xp.where(t == 1, xp.zeros_like(p), (1 - t) * xp.log1p(-p))
    return _reduced(-(hit + miss), reduction)


def bce_of_probabilities_vjp(
    p: Array, t: Array, /, *, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """bce_of_probabilities(...) and its pullback."""
    xp = array_namespace(p)

    def pullback(g: Array) -> tuple[Array, Array]:
        share = _share(g, p, reduction)
        by_p = share * ((p - t) / (p * (1 - p)))
        return by_p, share * (xp.log1p(-p) - xp.log(p))

    return bce_of_probabilities(p, t, reduction=reduction), pullback
