"""References for layer and batch normalization: each row, or each feature of a batch,
less its mean and over its deviation, then scaled and moved.

d = x - mean(x), v = mean(d^2), s = sqrt(v + eps), r = 1 / s: what is normalized is
xh = d r.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.bounded import Bounded, folding
from scratchnet.testing.references.centering import centered, mean, mean_in_any_way
from scratchnet.testing.references.reductions import count, sum_of
from scratchnet.testing.references.reference import Algorithm, Reference, either
from scratchnet.testing.references.variance import CANCELS, var, var_of_squares


@dataclass(frozen=True)
class Normal:
    """Numbers, and what they are normalized by: over one axis, which is kept."""

    x: Array
    axis: int
    mean: Array
    d: Array
    s: Array
    r: Array

    @property
    def n(self) -> int:
        """How many numbers share a mean."""
        return count(self.x, self.axis)

    @property
    def normalized(self) -> Array:
        """d / s, d r, or x r - mean r."""
        return either(self.d / self.s, self.d * self.r, self.folded(self.r))

    def folded(self, factor: Array, *offsets: Array) -> Array:
        """x factor - mean factor, and the offsets."""
        if isinstance(self.x, Bounded):
            return folding.folded(self.x, self.mean, factor, *offsets)
        return sum(offsets, self.x * factor - self.mean * factor)

    def sum(self, x: Array) -> Array:
        """The sum over the axis."""
        return sum_of(x, axis=self.axis, keepdims=True)


#: From the numbers to their variance over an axis.
Spread = Callable[..., Array]
#: From what is normalized, the weight and the bias to the result.
Value = Callable[[Normal, Array, Array], Array]
#: From the cotangent, the weight and what was normalized to the cotangent of x.
Cotangent = Callable[[Array, Array, Normal], Array]


def _normal(x: Array, eps: float, axis: int, spread: Spread) -> Normal:
    shifted = spread(x, axis=axis, keepdims=True) + eps
    s = array_namespace(x).sqrt(shifted)
    r = either(1.0 / s, shifted**-0.5)
    m = mean_in_any_way(x, axis)
    return Normal(x, axis, m, x - m, s, r)


# Values.


def layer_norm(x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5) -> Array:
    """(x - mean(x)) / sqrt(var(x) + eps) * weight + bias, over the last axis.

    Signature (f),(f),(f)->(f), f >= 1; weight and bias have no loop dimensions. The
    variance is that of the population, by any algorithm that is accepted for it, and
    eps is added to it inside of the root. A row of one value, and so a row of one
    number, is the bias; a row that holds NaN or an infinity is NaN.
    """
    return scaled(_normal(x, eps, -1, var), weight, bias)


def batch_norm(x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5) -> Array:
    """The same of each feature over all rows: as in training, by the batch itself.

    Signature (n,f),(f),(f)->(n,f), n >= 1, f >= 1. A feature that is the same in all
    rows, and so each of a single row, is the bias; one that is NaN or infinite anywhere
    is NaN in all rows.
    """
    return scaled(_normal(x, eps, 0, var), weight, bias)


def scaled(normal: Normal, weight: Array, bias: Array) -> Array:
    """d / s weight + bias, or d r weight + bias."""
    return either(normal.d / normal.s, normal.d * normal.r) * weight + bias


def scaled_at_once(normal: Normal, weight: Array, bias: Array) -> Array:
    """d (weight r) + bias, or the weight times d first."""
    d, s, r = normal.d, normal.s, normal.r
    weighted = d * weight
    return either(weighted / s, weighted * r, d * _factor(normal, weight)) + bias


def folded(normal: Normal, weight: Array, bias: Array) -> Array:
    """x a + (bias - mean a) with a = weight r, or with a = r and then the weight.

    a is the same in both products: the digits that are lost are those of rounding the
    mean itself, a few times as many at most.
    """
    return either(
        normal.folded(_factor(normal, weight), bias),
        normal.folded(normal.r) * weight + bias,
    )


def _factor(normal: Normal, weight: Array) -> Array:
    return either(weight * normal.r, weight / normal.s)


def _by(value: Value, axis: int, spread: Spread = var) -> Callable[..., Array]:
    def normalize(
        x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5
    ) -> Array:
        return value(_normal(x, eps, axis, spread), weight, bias)

    return normalize


# Pullbacks.


def textbook(g: Array, weight: Array, normal: Normal) -> Array:
    """(r / n) (n gh - sum(gh) - xh sum(gh xh)) with gh = g weight."""
    n, xh = normal.n, normal.normalized

    def cotangent(h: Array, scale: Array) -> Array:
        share = xh * normal.sum(h * xh)
        left = _less(n * h, normal.sum(h), share)
        return either((scale / n) * left, (scale * (1 / n)) * left, scale * left / n)

    return _weighted(cotangent, g, weight, normal)


def by_means(g: Array, weight: Array, normal: Normal) -> Array:
    """r (gh - mean(gh) - xh mean(gh xh)), or with d r^2 mean(gh d) for the last."""
    axis, xh, d = normal.axis, normal.normalized, normal.d

    def cotangent(h: Array, scale: Array) -> Array:
        share = either(xh * mean(h * xh, axis), d * _slope(h, normal))
        return scale * _less(h, mean(h, axis), share)

    return _weighted(cotangent, g, weight, normal)


def by_chain(g: Array, weight: Array, normal: Normal) -> Array:
    """t - mean(t), with t = gh r - d r^3 mean(gh d): as the formulas are differentiated
    one by one; or of gh r alone."""
    h, d, axis = g * weight, normal.d, normal.axis
    direct = either(h / normal.s, h * normal.r)
    through = d * either(
        _slope(h, normal) * normal.r,
        _slope(h, normal) / normal.s,
        mean(h * d, axis) * (normal.r * normal.r * normal.r),
    )
    return either(
        centered(direct - through, axis),
        centered(direct, axis) - through,
        centered(direct, axis) - centered(through, axis),
    )


def by_raw_sums(g: Array, weight: Array, normal: Normal) -> Array:
    """r gh + x k - mean k - r sum(gh) / n, k = (sum(gh) mean - sum(gh x)) r^3 / n.

    As PyTorch has it of rows on the host, where r g and g x may overflow before they
    meet the weight.
    """
    h, n, r, x = g * weight, normal.n, normal.r, normal.x
    total = normal.sum(h)
    slope = total * normal.mean - normal.sum(either(h * x, g * x * weight))
    k = either((slope * r * r * r) / n, slope * (r * r * r) * (1 / n))
    direct = either(r * h, r * g * weight)
    return normal.folded(k, direct, -(either(total * r, total / normal.s) / n))


def _slope(h: Array, normal: Normal) -> Array:
    """mean(h d) r^2, in any order."""
    r, s, d, axis = normal.r, normal.s, normal.d, normal.axis
    return either(
        mean(h * d, axis) * r * r,
        mean(h * d, axis) * (r * r),
        mean(h * normal.normalized, axis) * r,
        mean(h * (d / s) / s, axis),
    )


def _weighted(
    cotangent: Callable[[Array, Array], Array], g: Array, weight: Array, normal: Normal
) -> Array:
    """The formula of g weight; where all rows share the weight of a feature, also of g,
    and the weight in front, or last, as PyTorch has it: g r may then overflow."""
    inside = cotangent(g * weight, normal.r)
    if normal.axis:
        return inside
    in_front = cotangent(g, _factor(normal, weight))
    return either(inside, in_front, cotangent(g, normal.r) * weight)


def _less(a: Array, b: Array, c: Array) -> Array:
    """a - b - c, in any order."""
    return either((a - b) - c, (a - c) - b, a - (b + c))


def _back_by(
    cotangent: Cotangent, axis: int, spread: Spread = var
) -> Callable[..., tuple[Array, Array, Array]]:
    def pullback(
        g: Array, x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5
    ) -> tuple[Array, Array, Array]:
        del bias
        normal = _normal(x, eps, axis, spread)
        return cotangent(g, weight, normal), _of_weight(g, normal), _over_rows(g)

    return pullback


def _of_weight(g: Array, normal: Normal) -> Array:
    """sum(g xh) over all rows; where these share r, also sum(g d) r."""
    inside = _over_rows(g * normal.normalized)
    if normal.axis:
        return inside
    xp = array_namespace(g)
    total = _over_rows(g * normal.d)
    r, s = xp.squeeze(normal.r, axis=0), xp.squeeze(normal.s, axis=0)
    return either(inside, total * r, total / s)


def _over_rows(x: Array) -> Array:
    return sum_of(x, axis=tuple(range(x.ndim - 1)))


# What is computed alike, each over its own axis.


def _in_any_way(normal: Normal, weight: Array, bias: Array) -> Array:
    return either(*(value(normal, weight, bias) for _, value, _ in VALUES))


def _back_in_any_way(g: Array, weight: Array, normal: Normal) -> Array:
    return either(*(back(g, weight, normal) for _, back, _ in COTANGENTS))


VALUES: tuple[tuple[str, Value, str], ...] = (
    ("d r weight + bias", scaled, "d = x - mean(x), r = 1 / sqrt(v + eps) or a power"),
    ("d (weight r) + bias", scaled_at_once, "or d weight first"),
    ("x a + (bias - mean a)", folded, "a = weight r, or a = r and then the weight"),
)
COTANGENTS: tuple[tuple[str, Cotangent, str], ...] = (
    ("(r / n) (n gh - sum(gh) - xh sum(gh xh))", textbook, "gh = g weight, xh = d r"),
    ("r (gh - mean(gh) - xh mean(gh xh))", by_means, "or d r^2 mean(gh d)"),
    ("t - mean(t), t = gh r - d r^3 mean(gh d)", by_chain, "as it is differentiated"),
    ("r gh + x k - mean k - r mean(gh)", by_raw_sums, "k of sum(gh) and sum(gh x)"),
)
WORSE = "with v = mean(x^2) - mean(x)^2"


def _references(name: str, axis: int) -> tuple[Reference, Reference]:
    """The operation over an axis, and its pullback."""
    values = (Algorithm(a, _by(value, axis), note) for a, value, note in VALUES)
    backs = (Algorithm(a, _back_by(back, axis), note) for a, back, note in COTANGENTS)
    worse = _by(_in_any_way, axis, var_of_squares)
    back = _back_by(_back_in_any_way, axis, var_of_squares)
    return (
        Reference(name, tuple(values), (Algorithm(WORSE, worse, CANCELS),)),
        Reference(f"{name}.pullback", tuple(backs), (Algorithm(WORSE, back, CANCELS),)),
    )


REFERENCES = (*_references("layer_norm", -1), *_references("batch_norm", 0))
