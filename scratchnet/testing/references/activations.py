"""References for the elementwise activations.

At a kink, where the slopes of both sides differ, any slope between them is accepted:
each is one of a subgradient. PyTorch's own functions take several.
"""

from __future__ import annotations

from math import floor, log

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.formats import format_of
from scratchnet.testing.references.reference import (
    Algorithm,
    Reference,
    between,
    either,
)


def relu(x: Array, /) -> Array:
    """max(x, 0), which passes NaN on."""
    xp = array_namespace(x)
    return xp.maximum(x, xp.zeros_like(x))


def relu_pullback(g: Array, x: Array, /) -> tuple[Array]:
    """g, but 0 where x < 0, and from 0 to g where x = 0.

    There PyTorch's relu and x <= 0 take 0, its clamp and x < 0 take g, and maximum(x,
    0), where both sides tie, half of it.
    """
    xp = array_namespace(x)
    nothing = xp.zeros_like(g)
    return (xp.where(x == 0, between(nothing, g), xp.where(x < 0, nothing, g)),)


def relu_pullback_by_mask(g: Array, x: Array, /) -> tuple[Array]:
    """g (x > 0): 0, not g, where x is NaN.

    Of an infinite g this makes NaN wherever x > 0 does not hold: that is nobody's
    promise, and to allow it would be to say nothing there.
    """
    return (_masked(g, x, relu_pullback(g, x)[0]),)


def _masked(g: Array, x: Array, pulled: Array) -> Array:
    """What is pulled back, but 0 where x is NaN: of a g so far from the largest number
    that a bound holds both, as there is none that excludes all other numbers."""
    xp = array_namespace(x)
    held = xp.abs(g) <= format_of(g.dtype).largest / 2
    return xp.where((x != x) & held, xp.zeros_like(g), pulled)


def leaky_relu(x: Array, /, *, slope: float = 0.01) -> Array:
    """x, but slope * x where x <= 0."""
    return array_namespace(x).where(x <= 0, slope * x, x)


def leaky_relu_pullback(g: Array, x: Array, /, *, slope: float = 0.01) -> tuple[Array]:
    """g where x > 0, else slope * g: also where x is NaN, as in PyTorch.

    Where x = 0 what lies between: PyTorch takes slope * g, x >= 0 takes g.
    """
    xp, below = array_namespace(x), slope * g
    return (xp.where(x == 0, between(below, g), xp.where(x > 0, g, below)),)


def leaky_relu_pullback_of_rest(
    g: Array, x: Array, /, *, slope: float = 0.01
) -> tuple[Array]:
    """slope * g where x < 0, else g: also where x is NaN. Where x = 0 as above."""
    xp, below = array_namespace(x), slope * g
    return (xp.where(x == 0, between(below, g), xp.where(x < 0, below, g)),)


def leaky_relu_pullback_by_masks(
    g: Array, x: Array, /, *, slope: float = 0.01
) -> tuple[Array]:
    """g (x > 0) + slope g (x <= 0): 0 where x is NaN. Of g as for ReLU."""
    return (_masked(g, x, leaky_relu_pullback(g, x, slope=slope)[0]),)


def elu(x: Array, /, *, alpha: float = 1.0) -> Array:
    """x, but alpha * (exp(x) - 1) where x <= 0."""
    xp = array_namespace(x)
    return xp.where(x <= 0, alpha * xp.expm1(_negative_part(x)), x)


def elu_by_exp(x: Array, /, *, alpha: float = 1.0) -> Array:
    """The same, where exp(x) - 1 loses the digits that cancel near 0."""
    xp = array_namespace(x)
    return xp.where(x <= 0, alpha * (xp.exp(_negative_part(x)) - 1.0), x)


def elu_pullback_by_exp(g: Array, x: Array, /, *, alpha: float = 1.0) -> tuple[Array]:
    """g, but g (alpha exp(x)), or (g alpha) exp(x), where x < 0.

    Where x = 0 what lies between: PyTorch takes g alpha, x >= 0 takes g.
    """
    xp = array_namespace(x)
    power = xp.exp(_negative_part(x))
    below = either(g * (alpha * power), (g * alpha) * power)
    return (xp.where(x == 0, between(below, g), xp.where(x < 0, below, g)),)


def elu_pullback_by_result(
    g: Array, x: Array, /, *, alpha: float = 1.0
) -> tuple[Array]:
    """g where x > 0, else g * (y + alpha), and where x = 0 what lies between.

    NaN where x is, while the other formula gives g: there it is nobody's promise.
    """
    xp = array_namespace(x)
    below = g * (elu(x, alpha=alpha) + alpha)
    return (xp.where(x == 0, between(below, g), xp.where(x > 0, g, below)),)


def _negative_part(x: Array) -> Array:
    """min(x, 0): the exponential of the rest may overflow."""
    xp = array_namespace(x)
    return xp.minimum(x, xp.zeros_like(x))


def sigmoid_as_written(x: Array, /) -> Array:
    """1 / (1 + exp(-x)).

    Where exp(-x) may overflow it is 0 instead of exp(x); the oracle, which says nothing
    about what overflows, takes exp(x) there. `sigmoid_of_library` allows for the 0.
    """
    xp = array_namespace(x)
    last = floor(log(format_of(x.dtype).largest)) - 1
    return xp.where(x >= -last, 1.0 / (1.0 + xp.exp(-x)), xp.exp(x))


def sigmoid_by_size(x: Array, /) -> Array:
    """1 / (1 + z) for x >= 0, else z / (1 + z), with z = exp(-abs(x))."""
    xp = array_namespace(x)
    z = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, xp.ones_like(z), z) / (1.0 + z)


def sigmoid_of_library(x: Array, /) -> Array:
    """The library's own, if it has one."""
    xp = array_namespace(x)
    return xp.sigmoid(x) if hasattr(xp, "sigmoid") else sigmoid_by_size(x)


def sigmoid_by_tanh(x: Array, /) -> Array:
    """(1 + tanh(x / 2)) / 2."""
    return 0.5 * (1.0 + array_namespace(x).tanh(0.5 * x))


def sigmoid(x: Array, /) -> Array:
    """1 / (1 + exp(-x)) in every accepted way."""
    return either(sigmoid_by_size(x), sigmoid_as_written(x), sigmoid_of_library(x))


def sigmoid_pullback_by_size(g: Array, x: Array, /) -> tuple[Array]:
    """g z / (1 + z)^2 with z = exp(-abs(x))."""
    xp = array_namespace(x)
    z = xp.exp(-xp.abs(x))
    return (g * (z / ((1.0 + z) * (1.0 + z))),)


def sigmoid_pullback_by_result(g: Array, x: Array, /) -> tuple[Array]:
    """g (s (1 - s)), or (g (1 - s)) s, with s = sigmoid(x)."""
    s = sigmoid(x)
    rest = 1.0 - s
    return (either(g * (s * rest), (g * rest) * s),)


def sine(x: Array, /) -> Array:
    """sin(x)."""
    return array_namespace(x).sin(x)


def sine_pullback(g: Array, x: Array, /) -> tuple[Array]:
    """g cos(x)."""
    return (g * array_namespace(x).cos(x),)


BELOW_0 = "cancels where x < 0"
AT_0 = "where x = 0 anything from {} to g"
REFERENCES = (
    Reference("relu", (Algorithm("max(x, 0)", relu, "exact"),)),
    Reference(
        "relu.pullback",
        (
            Algorithm(
                "0 where x < 0, else g",
                relu_pullback,
                f"exact; {AT_0.format(0)}",
            ),
            Algorithm(
                "g (x > 0)",
                relu_pullback_by_mask,
                f"0 where x is NaN; {AT_0.format(0)}",
            ),
        ),
    ),
    Reference("leaky_relu", (Algorithm("slope x where x <= 0", leaky_relu),)),
    Reference(
        "leaky_relu.pullback",
        (
            Algorithm(
                "g where x > 0, else slope g",
                leaky_relu_pullback,
                AT_0.format("slope g"),
            ),
            Algorithm(
                "slope g where x < 0, else g",
                leaky_relu_pullback_of_rest,
                AT_0.format("slope g"),
            ),
            Algorithm(
                "g (x > 0) + slope g (x <= 0)",
                leaky_relu_pullback_by_masks,
                f"0 where x is NaN; {AT_0.format('slope g')}",
            ),
        ),
    ),
    Reference(
        "elu",
        (Algorithm("alpha expm1(x)", elu),),
        worse=(Algorithm("alpha (exp(x) - 1)", elu_by_exp, "cancels near 0"),),
    ),
    Reference(
        "elu.pullback",
        (
            Algorithm(
                "g alpha exp(x)",
                elu_pullback_by_exp,
                f"from either side; {AT_0.format('alpha g')}",
            ),
            Algorithm(
                "g (y + alpha)",
                elu_pullback_by_result,
                f"from the result y; {AT_0.format('alpha g')}",
            ),
        ),
    ),
    Reference(
        "sigmoid",
        (
            Algorithm("by exp(-abs(x))", sigmoid_by_size, "never overflows"),
            Algorithm("1 / (1 + exp(-x))", sigmoid_as_written),
            Algorithm("the library's", sigmoid_of_library),
        ),
        worse=(Algorithm("(1 + tanh(x / 2)) / 2", sigmoid_by_tanh, BELOW_0),),
    ),
    Reference(
        "sigmoid.pullback",
        (
            Algorithm("g z / (1 + z)^2", sigmoid_pullback_by_size, "z = exp(-abs(x))"),
            Algorithm("g s (1 - s)", sigmoid_pullback_by_result, "from either side"),
        ),
    ),
    Reference("sine", (Algorithm("sin(x)", sine),)),
    Reference("sine.pullback", (Algorithm("g cos(x)", sine_pullback),)),
)
