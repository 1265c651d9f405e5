"""Activations, element by element, and their pullbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.arrays import Array, array_namespace

Pullback = Callable[[Array], tuple[Any, ...]]


def relu(x: Array, /) -> Array:
    """max(x, 0)."""
    xp = array_namespace(x)
    return xp.where(x < 0, xp.zeros_like(x), x)


def relu_vjp(x: Array, /) -> tuple[Array, Pullback]:
    """relu(x) and its pullback: g where x passed."""
    xp = array_namespace(x)

    def pullback(g: Array) -> tuple[Array]:
        return (xp.where(x <= 0, xp.zeros_like(g), g),)

    return relu(x), pullback


def leaky_relu(x: Array, /, *, slope: float = 0.01) -> Array:
    """x, or slope x below 0."""
    xp = array_namespace(x)
    return xp.where(x > 0, x, slope * x)


def leaky_relu_vjp(x: Array, /, *, slope: float = 0.01) -> tuple[Array, Pullback]:
    """leaky_relu(x) and its pullback: g, or slope g."""
    xp = array_namespace(x)

    def pullback(g: Array) -> tuple[Array]:
        return (xp.where(x > 0, g, slope * g),)

    return leaky_relu(x, slope=slope), pullback


def elu(x: Array, /, *, alpha: float = 1.0) -> Array:
    """x, or alpha (e^x - 1) below 0."""
    xp = array_namespace(x)
    below = xp.where(x > 0, xp.zeros_like(x), x)
    return xp.where(x > 0, x, alpha * xp.expm1(below))


def elu_vjp(x: Array, /, *, alpha: float = 1.0) -> tuple[Array, Pullback]:
    """elu(x) and its pullback: g, or g alpha e^x."""
    xp = array_namespace(x)
    below = xp.where(x > 0, xp.zeros_like(x), x)

    def pullback(g: Array) -> tuple[Array]:
        return (xp.where(x > 0, g, g * (alpha * xp.exp(below))),)

    return elu(x, alpha=alpha), pullback


def sigmoid(x: Array, /) -> Array:
    """1 / (1 + e^-x), with powers that cannot overflow."""
    xp = array_namespace(x)
    power = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, xp.ones_like(x), power) / (1 + power)


def sigmoid_vjp(x: Array, /) -> tuple[Array, Pullback]:
    """sigmoid(x) and its pullback: g s(x) s(-x)."""
    y, other = sigmoid(x), sigmoid(-x)
    return y, lambda g: (g * (y * other),)


def sine(x: Array, /) -> Array:
    """sin(x)."""
    xp = array_namespace(x)
    return xp.sin(x)


def sine_vjp(x: Array, /) -> tuple[Array, Pullback]:
    """sine(x) and its pullback: g cos(x)."""
    xp = array_namespace(x)
    return sine(x), lambda g: (g * xp.cos(x),)
