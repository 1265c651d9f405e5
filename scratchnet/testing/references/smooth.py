"""References for smooth activations: tanh, softplus, silu and gelu."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, floor, log, pi, sqrt

from scratchnet.arrays import Array, array_namespace, device
from scratchnet.errors import ArgumentError
from scratchnet.testing.formats import format_of
from scratchnet.testing.references.activations import sigmoid
from scratchnet.testing.references.reference import Algorithm, Reference, either


def tanh_of_library(x: Array, /) -> Array:
    """The library's own."""
    return array_namespace(x).tanh(x)


def tanh_by_expm1(x: Array, /) -> Array:
    """-z / (2 + z), of the sign of x, with z = expm1(-2 abs(x))."""
    xp = array_namespace(x)
    z = xp.expm1(-2.0 * xp.abs(x))
    return _signed(-z / (2.0 + z), x)


def tanh_by_exp(x: Array, /) -> Array:
    """(1 - z) / (1 + z), of the sign of x, with z = exp(-2 abs(x))."""
    xp = array_namespace(x)
    z = xp.exp(-2.0 * xp.abs(x))
    return _signed((1.0 - z) / (1.0 + z), x)


def tanh_by_sigmoid(x: Array, /) -> Array:
    """2 sigmoid(2 x) - 1."""
    return 2.0 * sigmoid(2.0 * x) - 1.0


def tanh_as_written(x: Array, /) -> Array:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), where neither may overflow."""
    xp = array_namespace(x)
    up, down = xp.exp(x), xp.exp(-x)
    ratio = (up - down) / (up + down)
    return xp.where(xp.abs(x) <= _last(x), ratio, xp.tanh(x))


def _signed(size: Array, x: Array) -> Array:
    return array_namespace(x).where(x < 0, -size, size)


def _last(x: Array) -> float:
    """A number whose exponential, doubled, is in range."""
    return floor(log(format_of(x.dtype).largest)) - 1


def tanh(x: Array, /) -> Array:
    """tanh in every accepted way."""
    return either(tanh_of_library(x), tanh_by_expm1(x))


def tanh_pullback_by_size(g: Array, x: Array, /) -> tuple[Array]:
    """g 4 z / (1 + z)^2 with z = exp(-2 abs(x))."""
    xp = array_namespace(x)
    z = xp.exp(-2.0 * xp.abs(x))
    return (g * (4.0 * z / ((1.0 + z) * (1.0 + z))),)


def tanh_pullback_by_result(g: Array, x: Array, /) -> tuple[Array]:
    """g (1 - y^2), or (g + g y) (1 - y), with y = tanh(x)."""
    y = tanh(x)
    rest = 1.0 - y
    return (either(g * (1.0 - y * y), g * (rest * (1.0 + y)), (g + g * y) * rest),)


def softplus_of_positive_part(x: Array, /) -> Array:
    """max(x, 0) + log1p(exp(-abs(x)))."""
    xp = array_namespace(x)
    return xp.maximum(x, xp.zeros_like(x)) + xp.log1p(xp.exp(-xp.abs(x)))


def softplus_as_written(x: Array, /) -> Array:
    """log1p(exp(x)), or x where that may overflow: far above, they are the same."""
    xp = array_namespace(x)
    return xp.where(x > _last(x), x, xp.log1p(xp.exp(x)))


def softplus_by_log(x: Array, /) -> Array:
    """log(1 + exp(x)), or x where that may overflow."""
    xp = array_namespace(x)
    return xp.where(x > _last(x), x, xp.log(1.0 + xp.exp(x)))


#: PyTorch's threshold, unless it is told another.
THRESHOLD = 20.0


def softplus_to_threshold(x: Array, /) -> Array:
    """softplus, but x above PyTorch's threshold."""
    return array_namespace(x).where(x > THRESHOLD, x, softplus_as_written(x))


def softplus_pullback(g: Array, x: Array, /) -> tuple[Array]:
    """g sigmoid(x)."""
    return (g * sigmoid(x),)


def softplus_pullback_of_quotient(g: Array, x: Array, /) -> tuple[Array]:
    """g z / (1 + z) with z = exp(x), where g z may overflow; above 20 g sigmoid(x)."""
    xp = array_namespace(x)
    z = xp.exp(x)
    last = min(_last(x), THRESHOLD)
    return (xp.where(x > last, g * sigmoid(x), g * z / (1.0 + z)),)


def softplus_pullback_to_threshold(g: Array, x: Array, /) -> tuple[Array]:
    """g sigmoid(x), but g above PyTorch's threshold."""
    return (array_namespace(x).where(x > THRESHOLD, g, g * sigmoid(x)),)


def silu_of_product(x: Array, /) -> Array:
    """x sigmoid(x)."""
    return x * sigmoid(x)


def silu_of_quotient(x: Array, /) -> Array:
    """x / (1 + exp(-x)), or x exp(x) where exp(-x) may overflow."""
    xp = array_namespace(x)
    return xp.where(x >= -_last(x), x / (1.0 + xp.exp(-x)), x * xp.exp(x))


def silu_pullback_by_sigmoid(g: Array, x: Array, /) -> tuple[Array]:
    """g s (1 + x (1 - s)) with s = sigmoid(x)."""
    s = sigmoid(x)
    rest = 1.0 + x * (1.0 - s)
    return (either(g * (s * rest), (g * s) * rest),)


def silu_pullback_by_result(g: Array, x: Array, /) -> tuple[Array]:
    """g (s + y (1 - s)), or g (y + s (1 - y)), with s = sigmoid(x) and y = x s."""
    s = sigmoid(x)
    y = x * s
    return (either(g * (s + y * (1.0 - s)), g * (y + s * (1.0 - y))),)


# Gelu.

#: Beyond it the shares of x are 0 or 1, to less than a rounding of any format: of
#: numbers that far out x^3 may overflow, of which no bound is known.
FAR = 10.0
CUBIC = 0.044715
STRETCH = sqrt(2 / pi)


def gelu_of_share(x: Array, /, *, approximate: str = "none") -> Array:
    """x P, with the share P = (1 + erf(x / sqrt(2))) / 2 or (1 + tanh(z)) / 2."""
    return x * _share(x, approximate)


def gelu_of_half(x: Array, /, *, approximate: str = "none") -> Array:
    """(x / 2) (1 + erf(x / sqrt(2))), or (x / 2) (1 + tanh(z))."""
    return (0.5 * x) * (1.0 + _odd(_near(x), approximate))


def _share(x: Array, approximate: str) -> Array:
    """P: how much of x is left; with tanh it is sigmoid(2 z), too."""
    near = _near(x)
    share = 0.5 * (1.0 + _odd(near, approximate))
    return share if approximate == "none" else either(share, sigmoid(2.0 * _bent(near)))


def _odd(x: Array, approximate: str) -> Array:
    """erf(x / sqrt(2)), or tanh(z)."""
    if approximate not in ("none", "tanh"):
        raise ArgumentError(
            "gelu", f"approximate={approximate!r}", "required none or tanh"
        )
    if approximate == "tanh":
        return tanh(_bent(x))
    return either(_erf(x * sqrt(0.5)), _erf(x / sqrt(2)))


def _erf(x: Array) -> Array:
    """erf(x): number by number where the library, as NumPy, has none."""
    xp = array_namespace(x)
    if hasattr(xp, "erf"):
        return xp.erf(x)
    found = [erf(each) for each in map(float, xp.reshape(x, (-1,)))]
    return xp.reshape(xp.asarray(found, dtype=x.dtype, device=device(x)), x.shape)


def _bent(x: Array) -> Array:
    """z = sqrt(2 / pi) (x + 0.044715 x^3)."""
    cube = either(x * x * x, x**3)
    return STRETCH * either(x + CUBIC * cube, x * (1.0 + CUBIC * (x * x)))


def _near(x: Array) -> Array:
    """x, but no further out than its share changes."""
    return array_namespace(x).clip(x, -FAR, FAR)


def gelu_pullback(g: Array, x: Array, /, *, approximate: str = "none") -> tuple[Array]:
    """g (P + x P'), from either side."""
    share = _share(x, approximate)
    slope = SLOPES[approximate](x)
    rest = x * slope
    return (
        either(g * (share + rest), g * share + g * rest, g * share + g * x * slope),
    )


def _slope_of_erf(x: Array) -> Array:
    """exp(-x^2 / 2) / sqrt(2 pi), the normal density."""
    xp, near = array_namespace(x), _near(x)
    density = xp.exp(-0.5 * (near * near)) / sqrt(2 * pi)
    # Far out it is nothing: x times that is 0, and NaN of an infinite x.
    return xp.where(xp.abs(x) <= FAR, density, xp.zeros_like(x))


def _slope_of_tanh(x: Array) -> Array:
    """(1 - tanh(z)^2) z' / 2, where z' overflows before x does: nothing is then said,
    as PyTorch's is NaN."""
    t = tanh(_bent(_near(x)))
    change = STRETCH * (1.0 + 3 * CUBIC * (x * x))
    return 0.5 * (either(1.0 - t * t, (1.0 - t) * (1.0 + t)) * change)


SLOPES: dict[str, Callable[[Array], Array]] = {
    "none": _slope_of_erf,
    "tanh": _slope_of_tanh,
}
NEAR_0 = "cancels near 0"
AT_20 = "as in PyTorch, whose x above 20 is 2e-9 off: float64 can tell"
REFERENCES = (
    Reference(
        "tanh",
        (
            Algorithm("the library's", tanh_of_library),
            Algorithm("-z / (2 + z)", tanh_by_expm1, "z = expm1(-2 abs(x)), by sign"),
        ),
        worse=(
            Algorithm(
                "(1 - z) / (1 + z)", tanh_by_exp, f"z = exp(-2 abs(x)), {NEAR_0}"
            ),
            Algorithm("2 sigmoid(2 x) - 1", tanh_by_sigmoid, NEAR_0),
            Algorithm(
                "(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
                tanh_as_written,
                f"{NEAR_0}, and is NaN where exp(x) overflows",
            ),
        ),
    ),
    Reference(
        "tanh.pullback",
        (
            Algorithm("g 4 z / (1 + z)^2", tanh_pullback_by_size, "z = exp(-2 abs(x))"),
            Algorithm(
                "g (1 - y^2), or (g + g y) (1 - y)",
                tanh_pullback_by_result,
                "y = tanh(x), by each of its algorithms",
            ),
        ),
    ),
    Reference(
        "softplus",
        (
            Algorithm("max(x, 0) + log1p(exp(-abs(x)))", softplus_of_positive_part),
            Algorithm("log1p(exp(x))", softplus_as_written, "x where exp(x) overflows"),
        ),
        worse=(
            Algorithm("log(1 + exp(x))", softplus_by_log, "cancels where x < 0"),
            Algorithm("x where x > 20", softplus_to_threshold, AT_20),
        ),
    ),
    Reference(
        "softplus.pullback",
        (
            Algorithm(
                "g sigmoid(x)", softplus_pullback, "sigmoid by each of its algorithms"
            ),
            Algorithm(
                "g z / (1 + z)", softplus_pullback_of_quotient, "z = exp(x), x <= 20"
            ),
        ),
        worse=(Algorithm("g where x > 20", softplus_pullback_to_threshold, AT_20),),
    ),
    Reference(
        "silu",
        (
            Algorithm(
                "x sigmoid(x)", silu_of_product, "sigmoid by each of its algorithms"
            ),
            Algorithm("x / (1 + exp(-x))", silu_of_quotient, "as in PyTorch"),
        ),
    ),
    Reference(
        "silu.pullback",
        (
            Algorithm(
                "g s (1 + x (1 - s))", silu_pullback_by_sigmoid, "from either side"
            ),
            Algorithm(
                "g (s + y (1 - s)), or g (y + s (1 - y))",
                silu_pullback_by_result,
                "from the result y",
            ),
        ),
    ),
    Reference(
        "gelu",
        (
            Algorithm(
                "x (1 + erf(x / sqrt(2))) / 2",
                gelu_of_share,
                "with tanh x (1 + tanh(z)) / 2, or x sigmoid(2 z), "
                "where z = sqrt(2 / pi) (x + 0.044715 x^3)",
            ),
            Algorithm(
                "(x / 2) (1 + erf(x / sqrt(2)))",
                gelu_of_half,
                "with tanh (x / 2) (1 + tanh(z))",
            ),
        ),
    ),
    Reference(
        "gelu.pullback",
        (
            Algorithm(
                "g (P + x P')",
                gelu_pullback,
                "P the share of x, from either side",
            ),
        ),
    ),
)
