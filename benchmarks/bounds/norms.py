"""Layer and batch normalization: PyTorch's, and formulas that people write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import orders
from draws import Case, Draw, Reals
from subjects import (
    Implementation,
    Subject,
    autograd,
    on_numpy,
    on_torch,
    referenced,
    torch,
)

#: A function of what is normalized, the weight and the bias.
Value = Callable[..., Reals]


# Cases.


def weighted(draw: Draw, *shape: int) -> Case:
    """Numbers, a weight and a bias of each feature, and eps."""
    features = (draw.others(shape[-1]) for _ in range(2))
    eps = draw.one_of(1e-5, 1e-5, 1e-3, 0.25)
    return Case(draw.form, (draw.numbers(*shape), *features), {"eps": eps})


def rows(draw: Draw) -> Case:
    """Rows of some features, or of many."""
    features = draw.length(high=5000)
    loops = draw.shape()[:2] if features < 100 else ()
    return weighted(draw, *loops, features)


def batch(draw: Draw) -> Case:
    """Some rows, or many, of a few features."""
    return weighted(draw, draw.length(high=5000), draw.integer(1, 6))


def back(drawn: Callable[[Draw], Case]) -> Callable[[Draw], Case]:
    """The same, after a cotangent."""

    def drawn_back(draw: Draw) -> Case:
        case = drawn(draw)
        return case.with_inputs(draw.others(*case.inputs[0].shape), *case.inputs)

    return drawn_back


# Means and variances.


def two_passes(x: Reals, axis: int) -> tuple[Reals, Reals]:
    """The mean, and that of the squares of what is left."""
    mean = x.mean(axis, keepdims=True)
    return mean, ((x - mean) ** 2).mean(axis, keepdims=True)


def built_in(x: Reals, axis: int) -> tuple[Reals, Reals]:
    """NumPy's."""
    return x.mean(axis, keepdims=True), x.var(axis, keepdims=True)


def updated(x: Reals, axis: int) -> tuple[Reals, Reals] | None:
    """Welford's formula, of both; None of what is too long."""
    numbers = np.moveaxis(x, axis, 0)
    if len(numbers) > orders.CALLS:
        return None
    mean, squares = numbers[0], numbers[0] * 0
    for i, each in enumerate(numbers[1:], 2):
        apart = each - mean
        mean = mean + apart / x.dtype.type(i)
        squares = squares + apart * (each - mean)
    spread = squares / x.dtype.type(len(numbers))
    return tuple(
        np.expand_dims(np.asarray(part, x.dtype), axis) for part in (mean, spread)
    )


# Values.

FORMULAS: Mapping[str, Value] = {
    "quotient": lambda x, m, v, w, b: (x - m) / np.sqrt(v) * w + b,
    "power": lambda x, m, v, w, b: (x - m) * v**-0.5 * w + b,
    "weight first": lambda x, m, v, w, b: w * (x - m) / np.sqrt(v) + b,
    "factor": lambda x, m, v, w, b: (x - m) * (w / np.sqrt(v)) + b,
    "folded": lambda x, m, v, w, b: x * (w / np.sqrt(v)) + (b - m * (w / np.sqrt(v))),
    "folded, weight last": lambda x, m, v, w, b: (
        (x * (1 / np.sqrt(v)) - m * (1 / np.sqrt(v))) * w + b
    ),
}


def valued(formula: str, moments: Callable[..., Any], axis: int) -> Implementation:
    """The formula, of a mean and a variance that are found this way."""

    def normalize(x: Reals, weight: Reals, bias: Reals, *, eps: float) -> Any:
        found = moments(x, axis)
        if found is None:
            return None
        mean, spread = found
        return FORMULAS[formula](x, mean, spread + eps, weight, bias)

    def run(case: Case) -> Any:
        found = normalize(*case.inputs, **case.options)
        return None if found is None else np.asarray(found)

    return run


def values(axis: int, builtin: Callable[..., Any]) -> dict[str, Implementation]:
    """NumPy's formulas, in turn with each way to find the variance, and PyTorch's."""
    ways = (built_in, two_passes, updated)
    found = {
        f"NumPy, {formula}, {way.__name__}": valued(formula, way, axis)
        for i, formula in enumerate(FORMULAS)
        for way in (ways[i % 3], ways[(i + 2) % 3])
    }
    formulas = {"PyTorch, formula": on_torch(torchs_formula(axis))}
    return {**found, "PyTorch": on_torch(builtin), **formulas}


def torchs_layer_norm(x: Any, weight: Any, bias: Any, *, eps: float) -> Any:
    """The built-in of rows."""
    return torch.nn.functional.layer_norm(x, weight.shape, weight, bias, eps)


def torchs_batch_norm(x: Any, weight: Any, bias: Any, *, eps: float) -> Any:
    """The built-in of a batch in training, also of one row."""
    return torch.batch_norm(x, weight, bias, None, None, True, 0.0, eps, False)


def torchs_formula(axis: int) -> Callable[..., Any]:
    """With its mean and variance, and the reciprocal root."""

    def normalize(x: Any, weight: Any, bias: Any, *, eps: float) -> Any:
        mean = x.mean(axis, keepdim=True)
        spread = x.var(axis, correction=0, keepdim=True)
        return (x - mean) * torch.rsqrt(spread + eps) * weight + bias

    return normalize


# Pullbacks: from gh = g weight, d = x - mean, s, n and a sum over the axis.

COTANGENTS: Mapping[str, Callable[..., Reals]] = {
    "textbook": lambda h, d, s, n, total: (
        (1 / s) / n * (n * h - total(h) - d / s * total(h * (d / s)))
    ),
    "means": lambda h, d, s, n, total: (
        (h - total(h) / n - d / s * (total(h * (d / s)) / n)) / s
    ),
    "slope": lambda h, d, s, n, total: (
        (h - total(h) / n - d * (total(h * d) / n / s / s)) * (1 / s)
    ),
    "chain": lambda h, d, s, n, total: chained(h, d, s, n, total),
    "paper": lambda h, d, s, n, total: on_paper(h, d, s, n, total),
}


def chained(h: Reals, d: Reals, s: Reals, n: int, total: Callable[..., Reals]) -> Reals:
    """Each step of the forward pass, differentiated."""
    of_root = -total(h * d) / s**2
    of_spread = 0.5 / s * of_root
    of_d = h * (1 / s) + 2 * d * (of_spread / n)
    return of_d - total(of_d) / n


def on_paper(
    h: Reals, d: Reals, s: Reals, n: int, total: Callable[..., Reals]
) -> Reals:
    """As Ioffe and Szegedy have it (2015): the mean of d in it is nearly 0."""
    of_spread = total(h * d) * -0.5 * (s**2) ** -1.5
    of_mean = -total(h / s) + of_spread * (-2 * total(d) / n)
    return h / s + of_spread * 2 * d / n + of_mean / n


def pulled(formula: str, axis: int) -> Implementation:
    """The cotangents by a formula."""

    def pullback(g: Reals, x: Reals, weight: Reals, bias: Reals, *, eps: float) -> Any:
        del bias
        mean, spread = built_in(x, axis)
        d, s = x - mean, np.sqrt(spread + eps)
        n = x.dtype.type(x.shape[axis])

        def total(terms: Reals) -> Reals:
            return terms.sum(axis, dtype=x.dtype, keepdims=True)

        loops = tuple(range(x.ndim - 1))
        return (
            COTANGENTS[formula](g * weight, d, s, n, total),
            (g * (d / s)).sum(loops, dtype=x.dtype),
            g.sum(loops, dtype=x.dtype),
        )

    return on_numpy(pullback)


def pullbacks(axis: int, builtin: Callable[..., Any]) -> dict[str, Implementation]:
    """NumPy's formulas, and what PyTorch makes of its built-in and of formulas."""
    return {
        **{f"NumPy, {formula}": pulled(formula, axis) for formula in COTANGENTS},
        "PyTorch autograd": on_torch(autograd(builtin)),
        "PyTorch autograd, formula": on_torch(autograd(torchs_formula(axis))),
    }


def normalization(
    name: str, drawn: Callable[[Draw], Case], axis: int, builtin: Callable[..., Any]
) -> tuple[Subject, Subject]:
    """The operation, and its pullback."""
    way_back = f"{name}.pullback"
    return (
        Subject(name, drawn, referenced(name), values(axis, builtin)),
        Subject(way_back, back(drawn), referenced(way_back), pullbacks(axis, builtin)),
    )


NORMS = (
    *normalization("layer_norm", rows, -1, torchs_layer_norm),
    *normalization("batch_norm", batch, 0, torchs_batch_norm),
)
