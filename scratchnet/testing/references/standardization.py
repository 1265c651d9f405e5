"""References for standardizing: with a mean and a deviation that are given, and with
those of training rows."""

from __future__ import annotations

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.references.reference import Algorithm, Reference, either


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


def fit_and_standardize(
    train: Array, rows: Array, /, *, per_feature: bool = False
) -> Array:
    """(rows - mean(train)) / std(train), over all elements or for each feature; where
    the training values are constant the deviation, that of the population, counts as 1.
    """
    xp = array_namespace(train, rows)
    axis = 0 if per_feature else None
    mean, deviation = xp.mean(train, axis=axis), xp.std(train, axis=axis, correction=0)
    one, least = xp.ones_like(deviation), xp.min(train, axis=axis)
    # Asked of the numbers: whether a deviation that rounds is 0 is not decided.
    constant = least == xp.max(train, axis=axis)
    counted = xp.where(constant, one, deviation)
    # That of infinities is NaN, or counts as 1 as well.
    finite = xp.where(constant & xp.isfinite(least), one, deviation)
    return either(
        standardize(rows, mean, counted),
        standardize_by_reciprocal(rows, mean, counted),
        standardize(rows, mean, finite),
    )


REFERENCES = (
    Reference(
        "standardizer",
        (
            Algorithm(
                "(rows - mean(train)) / std(train)",
                fit_and_standardize,
                "divided or multiplied by the reciprocal; 1 where all are one number",
            ),
        ),
    ),
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
