"""Softmax and its logarithm along an axis, and their pullbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.arrays import Array, array_namespace

Pullback = Callable[[Array], tuple[Any, ...]]


def softmax(x: Array, /, *, axis: int = -1) -> Array:
    """Powers of e, divided by their sum."""
    xp = array_namespace(x)
    shift = xp.max(x, axis=axis, keepdims=True)
    powers = xp.exp(x - shift)
    total = xp.sum(powers, axis=axis, keepdims=True)
    return powers / total


def softmax_vjp(x: Array, /, *, axis: int = -1) -> tuple[Array, Pullback]:
    """softmax(x) and its pullback: y (g - sum(g y))."""
    xp = array_namespace(x)
    y = softmax(x, axis=axis)

    def pullback(g: Array) -> tuple[Array]:
        mean = xp.sum(g * y, axis=axis, keepdims=True)
        return (y * (g - mean),)

    return y, pullback


def log_softmax(x: Array, /, *, axis: int = -1) -> Array:
    """x less the logarithm of the sum of its powers of e."""
    xp = array_namespace(x)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    powers = xp.exp(shifted)
    return shifted - xp.log(xp.sum(powers, axis=axis, keepdims=True))


def log_softmax_vjp(x: Array, /, *, axis: int = -1) -> tuple[Array, Pullback]:
    """log_softmax(x) and its pullback: g - softmax(x) sum(g)."""
    xp = array_namespace(x)
    y = log_softmax(x, axis=axis)

    def pullback(g: Array) -> tuple[Array]:
        summed = xp.sum(g, axis=axis, keepdims=True)
        return (g - xp.exp(y) * summed,)

    return y, pullback


def logsumexp(x: Array, /, *, axis: Any = -1, keepdims: bool = False) -> Array:
    """The logarithm of the sum of powers of e."""
    xp = array_namespace(x)
    most = xp.max(x, axis=axis, keepdims=True)
    finite = xp.where(xp.isfinite(most), most, xp.zeros_like(most))
    total = xp.sum(xp.exp(x - finite), axis=axis, keepdims=keepdims)
    return xp.log(total) + xp.reshape(finite, total.shape)
