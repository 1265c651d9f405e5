"""References for standardizing with a mean and a deviation that are given."""

from __future__ import annotations

from scratchnet.arrays import Array
from scratchnet.testing.references.reference import Algorithm, Reference


def standardize(x: Array, mean: Array, deviation: Array, /) -> Array:
    """(x - mean) / deviation."""
    return (x - mean) / deviation


def standardize_by_reciprocal(x: Array, mean: Array, deviation: Array, /) -> Array:
    """(x - mean) * (1 / deviation), where the reciprocal rounds too."""
    return (x - mean) * (1.0 / deviation)


def standardize_as_affine(x: Array, mean: Array, deviation: Array, /) -> Array:
    """x * (1 / deviation) - mean / deviation, which cancels for x near the mean."""
    return x * (1.0 / deviation) - mean / deviation


def standardize_pullback(
    g: Array, x: Array, mean: Array, deviation: Array, /
) -> tuple[Array]:
    """g / deviation: the mean and the deviation are constants of the fit."""
    del x, mean
    return (g / deviation,)


def standardize_pullback_by_reciprocal(
    g: Array, x: Array, mean: Array, deviation: Array, /
) -> tuple[Array]:
    """g * (1 / deviation)."""
    del x, mean
    return (g * (1.0 / deviation),)


REFERENCES = (
    Reference(
        "standardize",
        (
            Algorithm("(x - mean) / deviation", standardize),
            Algorithm("(x - mean) * (1 / deviation)", standardize_by_reciprocal),
        ),
        worse=(
            Algorithm(
                "x * (1 / deviation) - mean / deviation",
                standardize_as_affine,
                "cancels where x is near the mean",
            ),
        ),
    ),
    Reference(
        "standardize.pullback",
        (
            Algorithm("g / deviation", standardize_pullback),
            Algorithm("g * (1 / deviation)", standardize_pullback_by_reciprocal),
        ),
    ),
)
