"""References for smooth activations: tanh, softplus and silu."""

from __future__ import annotations

from math import floor, log

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.formats import format_of
from scratchnet.testing.references.activations import BELOW_0, sigmoid
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


def silu_by_tanh(x: Array, /) -> Array:
    """(x / 2) (1 + tanh(x / 2)), from either side."""
    share = 1.0 + tanh(0.5 * x)
    return either((0.5 * x) * share, x * (0.5 * share))


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
        worse=(Algorithm("(x / 2) (1 + tanh(x / 2))", silu_by_tanh, BELOW_0),),
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
)
