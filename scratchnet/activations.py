"""Activation functions and their pullbacks. Conventions at kinks are PyTorch's.

All take one array of a real floating dtype, of any shape, and keep its shape, dtype and
device; all pass NaN on. An array of another kind raises ArgumentTypeError.
"""

from __future__ import annotations

from scratchnet.arrays import (
    Array,
    Namespace,
    Pullback,
    operands,
    pullback_of,
    scalar,
    total,
)
from scratchnet.errors import ArgumentError


def relu(x: Array, /) -> Array:
    """max(x, 0). Signature ()->()."""
    xp = operands("relu", x=x)
    return xp.where(x <= 0, xp.zeros_like(x), x)


def relu_vjp(x: Array, /) -> tuple[Array, Pullback]:
    """relu(x) and its pullback g -> (g if x > 0 else 0,); the derivative at 0 is 0."""
    xp = operands("relu", x=x)

    def pullback(g: Array) -> tuple[Array]:
        # Chosen, not multiplied by 0 or 1: g may be infinite.
        return (xp.where(x <= 0, xp.zeros_like(g), g),)

    y = relu(x)
    return y, pullback_of("relu pullback", y, pullback)


def leaky_relu(x: Array, /, *, slope: float = 0.01) -> Array:
    """X where x > 0, else slope * x. Signature ()->()."""
    xp = operands("leaky_relu", x=x)
    return xp.where(x > 0, x, scalar(slope, like=x) * x)


def leaky_relu_vjp(x: Array, /, *, slope: float = 0.01) -> tuple[Array, Pullback]:
    """leaky_relu(x) and its pullback; the derivative at 0 is the slope."""
    xp = operands("leaky_relu", x=x)

    def pullback(g: Array) -> tuple[Array]:
        return (xp.where(x > 0, g, scalar(slope, like=g) * g),)

    y = leaky_relu(x, slope=slope)
    return y, pullback_of("leaky_relu pullback", y, pullback)


def elu(x: Array, /, *, alpha: float = 1.0) -> Array:
    """X where x > 0, else alpha * (exp(x) - 1). Signature ()->().

    Clevert, Unterthiner, Hochreiter, ICLR 2016.
    """
    xp = operands("elu", x=x)
    negative = scalar(alpha, like=x) * xp.expm1(_at_most_zero(xp, x))
    return xp.where(x <= 0, negative, x)


def elu_vjp(x: Array, /, *, alpha: float = 1.0) -> tuple[Array, Pullback]:
    """elu(x) and its pullback; the derivative at 0 is alpha."""
    xp = operands("elu", x=x)

    def pullback(g: Array) -> tuple[Array]:
        slope = scalar(alpha, like=x) * xp.exp(_at_most_zero(xp, x))
        return (xp.where(x <= 0, g * slope, g),)

    y = elu(x, alpha=alpha)
    return y, pullback_of("elu pullback", y, pullback)


def _at_most_zero(xp: Namespace, x: Array) -> Array:
    """X without the positive part, whose exponential may overflow."""
    return xp.where(x <= 0, x, xp.zeros_like(x))


def sigmoid(x: Array, /) -> Array:
    """1 / (1 + exp(-x)), without overflow for any x. Signature ()->()."""
    xp = operands("sigmoid", x=x)
    z, one = xp.exp(-xp.abs(x)), scalar(1, like=x)
    return xp.where(x >= 0, one, z) / (one + z)


def sigmoid_vjp(x: Array, /) -> tuple[Array, Pullback]:
    """sigmoid(x) and its pullback g -> (g * z / (1 + z)^2,) with z = exp(-abs(x))."""
    xp = operands("sigmoid", x=x)

    def pullback(g: Array) -> tuple[Array]:
        # Not s * (1 - s): 1 - s cancels where s is near 1.
        z, one = xp.exp(-xp.abs(x)), scalar(1, like=x)
        return (g * (z / ((one + z) * (one + z))),)

    y = sigmoid(x)
    return y, pullback_of("sigmoid pullback", y, pullback)


def sine(x: Array, /) -> Array:
    """sin(x), x in radians. Signature ()->()."""
    return operands("sine", x=x).sin(x)


def sine_vjp(x: Array, /) -> tuple[Array, Pullback]:
    """sine(x) and its pullback g -> (g * cos(x),)."""
    xp = operands("sine", x=x)

    def pullback(g: Array) -> tuple[Array]:
        return (g * xp.cos(x),)

    y = sine(x)
    return y, pullback_of("sine pullback", y, pullback)


def softmax(x: Array, /, *, axis: int = -1) -> Array:
    """exp(x) / sum(exp(x)) along one axis.

    Signature (c)->(c), c >= 1; dtype and device are those of x. An entry of -inf gets
    0; a slice holding NaN or +inf, or nothing but -inf, becomes NaN, as in PyTorch.
    Subtracting the maximum keeps exp in range, as accurately as without it [1].
    Raises ArgumentError where x has no such axis, or no entry along it.

    [1] Blanchard, Higham, Higham, IMA J. Numer. Anal. 41 (2021), 2311-2330.
    """
    xp = operands("softmax", x=x)
    _require_classes("softmax", x, axis)
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / total(powers, axis=axis, keepdims=True)


def softmax_vjp(x: Array, /, *, axis: int = -1) -> tuple[Array, Pullback]:
    """softmax(x) and its pullback g -> (y * (g - sum(g * y)),)."""
    y = softmax(x, axis=axis)

    def pullback(g: Array) -> tuple[Array]:
        return (y * (g - total(g * y, axis=axis, keepdims=True)),)

    return y, pullback_of("softmax pullback", y, pullback)


def log_softmax(x: Array, /, *, axis: int = -1) -> Array:
    """Logarithm of the softmax of x along one axis.

    Signature (c)->(c), c >= 1; dtype and device are those of x. An entry of -inf stays
    -inf; a slice holding NaN or +inf, or nothing but -inf, becomes NaN, as in PyTorch.
    Subtracting the maximum keeps exp in range, as accurately as without it [1].
    Raises ArgumentError where x has no such axis, or no entry along it.

    [1] Blanchard, Higham, Higham, IMA J. Numer. Anal. 41 (2021), 2311-2330.
    """
    xp = operands("log_softmax", x=x)
    _require_classes("log_softmax", x, axis)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(total(xp.exp(shifted), axis=axis, keepdims=True))


def log_softmax_vjp(x: Array, /, *, axis: int = -1) -> tuple[Array, Pullback]:
    """log_softmax(x) and its pullback g -> (g - softmax(x) * sum(g),)."""
    xp = operands("log_softmax", x=x)
    y = log_softmax(x, axis=axis)

    def pullback(g: Array) -> tuple[Array]:
        # exp(y) is softmax(x); exp(x) would overflow where y does not.
        return (g - xp.exp(y) * total(g, axis=axis, keepdims=True),)

    return y, pullback_of("log_softmax pullback", y, pullback)


def _require_classes(where: str, x: Array, axis: int) -> None:
    if not isinstance(axis, int) or not -x.ndim <= axis < x.ndim:
        raise ArgumentError(
            where, f"axis={axis}", f"but x.shape={tuple(x.shape)} has no such axis"
        )
    if x.shape[axis] == 0:
        raise ArgumentError(
            where, f"x.shape={tuple(x.shape)}", f"required an entry along axis {axis}"
        )
