"""References for GELU, in both its forms."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, erfc, pi, sqrt

from scratchnet.arrays import Array, array_namespace, device
from scratchnet.errors import ArgumentError
from scratchnet.testing.references.activations import sigmoid
from scratchnet.testing.references.reference import Algorithm, Reference, either
from scratchnet.testing.references.smooth import tanh

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


def gelu_of_complement(x: Array, /, *, approximate: str = "none") -> Array:
    """(x / 2) erfc(-x / sqrt(2)); with tanh as of the half."""
    if approximate != "none":
        return gelu_of_half(x, approximate=approximate)
    near = -_near(x)
    rest = either(_erfc(near * sqrt(0.5)), _erfc(near / sqrt(2)))
    return either((0.5 * x) * rest, x * (0.5 * rest))


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
    xp = array_namespace(x)
    return xp.erf(x) if hasattr(xp, "erf") else _by_number(erf, x)


def _erfc(x: Array) -> Array:
    xp = array_namespace(x)
    return xp.erfc(x) if hasattr(xp, "erfc") else _by_number(erfc, x)


def _by_number(function: Callable[[float], float], x: Array) -> Array:
    """A function of each number, where the library, as NumPy, has none."""
    xp = array_namespace(x)
    found = [function(each) for each in map(float, xp.reshape(x, (-1,)))]
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


REFERENCES = (
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
            Algorithm("(x / 2) erfc(-x / sqrt(2))", gelu_of_complement, "as in JAX"),
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
