"""Variances, standardizing, layer and batch normalization, and their pullbacks."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from scratchnet.arrays import Array, array_namespace

Pullback = Callable[[Array], tuple[Any, ...]]
Axes = int | tuple[int, ...] | None


def _count(x: Array, axis: Axes) -> int:
    """How many numbers there are along axes."""
    if axis is None:
        return prod(x.shape)
    axes = (axis,) if isinstance(axis, int) else axis
    return prod(x.shape[i] for i in axes)


def var(
    x: Array, /, *, axis: Axes = -1, correction: int = 0, keepdims: bool = False
) -> Array:
    """The mean of squared distances from the mean, by two passes."""
    xp = array_namespace(x)
    distance = x - xp.mean(x, axis=axis, keepdims=True)
    squares = xp.sum(distance * distance, axis=axis, keepdims=keepdims)
    return squares / (_count(x, axis) - correction)


def var_vjp(
    x: Array, /, *, axis: Axes = -1, correction: int = 0, keepdims: bool = False
) -> tuple[Array, Pullback]:
    """var(x) and its pullback: 2 g (x - mean) / (n - correction)."""
    xp = array_namespace(x)
    mean = xp.mean(x, axis=axis, keepdims=True)
    left = _count(x, axis) - correction

    def pullback(g: Array) -> tuple[Array]:
        wide = xp.reshape(g, mean.shape)
        return (2 * wide * (x - mean) / left,)

    return var(x, axis=axis, correction=correction, keepdims=keepdims), pullback


def std(
    x: Array, /, *, axis: Axes = -1, correction: int = 0, keepdims: bool = False
) -> Array:
    """The root of the variance."""
    squared = var(x, axis=axis, correction=correction, keepdims=keepdims)
    return array_namespace(x).sqrt(squared)


def std_vjp(
    x: Array, /, *, axis: Axes = -1, correction: int = 0, keepdims: bool = False
) -> tuple[Array, Pullback]:
    """std(x) and its pullback: g (x - mean) / ((n - correction) std)."""
    xp = array_namespace(x)
    center = xp.mean(x, axis=axis, keepdims=True)
    size = std(x, axis=axis, correction=correction, keepdims=True)
    divisor = _count(x, axis) - correction

    def pullback(g: Array) -> tuple[Array]:
        wide = xp.reshape(g, size.shape)
        return (wide * (x - center) / (divisor * size),)

    return std(x, axis=axis, correction=correction, keepdims=keepdims), pullback


def standardize(x: Array, mean: Array, deviation: Array, /) -> Array:
    """(x - mean) / deviation, feature by feature."""
    if not x.shape[-1:] == mean.shape == deviation.shape:
        raise ValueError("a mean and a deviation for each feature")
    return (x - mean) / deviation


def standardize_vjp(
    x: Array, mean: Array, deviation: Array, /
) -> tuple[Array, Pullback]:
    """standardize(x) and its pullback: mean and deviation are constants."""
    return standardize(x, mean, deviation), lambda g: (g / deviation,)


def standardizer(train: Array, rows: Array, /, *, per_feature: bool = False) -> Array:
    """Rows, less the mean of the training rows and over their deviation."""
    xp = array_namespace(train, rows)
    if xp.isdtype(train.dtype, "integral"):
        train = xp.astype(train, xp.float64)
    over = 0 if per_feature else None
    mean = xp.mean(train, axis=over)
    deviation = xp.std(train, axis=over, correction=0)
    # Rounding leaves a little of the deviation of what is all the same.
    constant = xp.min(train, axis=over) == xp.max(train, axis=over)
    deviation = xp.where(constant, xp.ones_like(deviation), deviation)
    return (rows - mean) / deviation


def _normalized(x: Array, eps: float, axis: int) -> tuple[Array, Array]:
    """What has mean 0 and variance 1 along an axis, and what it was multiplied by."""
    xp = array_namespace(x)
    centered = x - xp.mean(x, axis=axis, keepdims=True)
    variance = xp.mean(centered * centered, axis=axis, keepdims=True)
    scale = 1 / xp.sqrt(variance + eps)
    return centered * scale, scale


def _cotangent(h: Array, normal: Array, scale: Array, axis: int) -> Array:
    """The cotangent of x, of h for what was normalized: without its own mean, and
    without its share along what was normalized."""
    xp = array_namespace(h)
    mean = xp.mean(h, axis=axis, keepdims=True)
    share = xp.mean(h * normal, axis=axis, keepdims=True)
    return scale * (h - mean - normal * share)


def _over_rows(x: Array) -> Array:
    """The sum over all axes but the last."""
    return array_namespace(x).sum(x, axis=tuple(range(x.ndim - 1)))


def _require(x: Array, weight: Array, bias: Array) -> None:
    if not x.shape[-1:] == weight.shape == bias.shape:
        raise ValueError("a weight and a bias for each feature")


def layer_norm(x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5) -> Array:
    """Each row with mean 0 and variance 1, then scaled and moved."""
    _require(x, weight, bias)
    row, _ = _normalized(x, eps, -1)
    return row * weight + bias


def layer_norm_vjp(
    x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5
) -> tuple[Array, Pullback]:
    """layer_norm(x) and its pullback."""
    row, scale = _normalized(x, eps, -1)

    def pullback(g: Array) -> tuple[Array, Array, Array]:
        dx = _cotangent(g * weight, row, scale, -1)
        return dx, _over_rows(g * row), _over_rows(g)

    return layer_norm(x, weight, bias, eps=eps), pullback


def batch_norm(x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5) -> Array:
    """Each feature with mean 0 and variance 1 over all rows, then scaled and moved."""
    _require(x, weight, bias)
    column, _ = _normalized(x, eps, 0)
    return column * weight + bias


def batch_norm_vjp(
    x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5
) -> tuple[Array, Pullback]:
    """batch_norm(x) and its pullback."""
    column, scale = _normalized(x, eps, 0)

    def pullback(g: Array) -> tuple[Array, Array, Array]:
        dx = _cotangent(g * weight, column, scale, 0)
        return dx, _over_rows(g * column), _over_rows(g)

    return batch_norm(x, weight, bias, eps=eps), pullback
