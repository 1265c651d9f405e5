"""Losses of pairs of numbers, and of probabilities, in the ways to write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from draws import Case, Draw, Reals, rounded
from subjects import (
    Implementation,
    Subject,
    autograd,
    on_numpy,
    on_torch,
    referenced,
    torch,
)

functional = None if torch is None else torch.nn.functional

Costs = Callable[..., Reals]


def paired(draw: Draw, **options: Any) -> Case:
    """Predictions and as many targets, of which some are met."""
    shape = draw.shape() if draw.chance(0.7) else (draw.length(high=5000),)
    x, t = draw.numbers(*shape), draw.others(*shape)
    t = np.where(draw.rng.random(shape) < draw.one_of(0, 0.2), x, t)
    options["reduction"] = draw.one_of("none", "mean", "sum")
    return Case(draw.form, (x, t), options)


def near_and_far(draw: Draw) -> Case:
    """The same, and where squares end: some pairs are that far apart, or nearly."""
    beta = draw.one_of(1.0, 0.5, 0.1, 3.0, 10 ** draw.rng.uniform(-3, 3))
    case = paired(draw, beta=beta)
    if draw.kind != "normal" or draw.chance(0.5):
        return case
    x, t = case.inputs
    ulps = 1 + draw.form.unit_roundoff * draw.rng.integers(-3, 4, x.shape)
    return case.with_inputs(x, rounded(x + beta * ulps * np.sign(t), draw.form))


def probable(draw: Draw) -> Case:
    """Probabilities, near 0 and 1 too, and targets that are mostly certain."""
    case = paired(draw)
    p, t = (_between(x, draw) for x in case.inputs)
    if draw.chance(0.6):
        t = np.asarray(t > 0.5, t.dtype)
    return case.with_inputs(p, t)


def _between(x: Reals, draw: Draw) -> Reals:
    size = np.abs(x.astype(np.float64))
    size = np.where(np.isnan(size), 0.5, np.where(size > 1, 1 / size, size))
    found = rounded(np.where(x < 0, 1 - size, size), draw.form)
    # Half of what is certain only nearly is.
    last = rounded(np.asarray(1 - draw.form.unit_roundoff), draw.form)
    rare = draw.rng.random(x.shape) < 0.5
    return np.asarray(np.where(rare & (found == 1), last, found), x.dtype)


def over_pairs(costs: Costs) -> Callable[..., Any]:
    """The loss of costs."""

    def loss(x: Reals, t: Reals, *, reduction: str, **options: Any) -> Any:
        found = costs(x, t, **options)
        if reduction == "none":
            return found
        return found.sum() if reduction == "sum" else found.sum() / x.dtype.type(x.size)

    return loss


def first_divided(slope: Costs) -> Callable[..., Any]:
    """The pullback of a loss by its slope: g is divided first."""

    def pullback(
        g: Reals, x: Reals, t: Reals, *, reduction: str, **options: Any
    ) -> tuple[Reals, Reals]:
        share = g / x.dtype.type(x.size) if reduction == "mean" else g
        d = np.asarray(share * slope(x, t, **options), x.dtype)
        return d, -d

    return pullback


def last_divided(slope: Costs) -> Callable[..., Any]:
    """The same, divided last."""

    def pullback(
        g: Reals, x: Reals, t: Reals, *, reduction: str, **options: Any
    ) -> tuple[Reals, Reals]:
        d = np.asarray(g * slope(x, t, **options), x.dtype)
        d = d / x.dtype.type(x.size) if reduction == "mean" else d
        return d, -d

    return pullback


def losses(
    name: str,
    drawn: Callable[[Draw], Case],
    builtin: Callable[..., Any],
    costs: Mapping[str, Costs],
    pullbacks: Mapping[str, Callable[..., Any]],
    torchs: tuple[str, Callable[..., Any]],
) -> tuple[Subject, Subject]:
    """A loss and its pullback: PyTorch's, NumPy's in each of its ways, and one more of
    PyTorch, of costs, for autograd to take apart."""

    def drawn_back(draw: Draw) -> Case:
        case = drawn(draw)
        sides = case.inputs[0].shape if case.options["reduction"] == "none" else ()
        return case.with_inputs(draw.others(*sides), *case.inputs)

    way, pieces = torchs

    def in_pieces(x: Any, t: Any, *, reduction: str, **options: Any) -> Any:
        found = pieces(x, t, **options)
        return found if reduction == "none" else getattr(found, reduction)()

    value: dict[str, Implementation] = {
        "PyTorch": on_torch(builtin),
        f"PyTorch, {way}": on_torch(in_pieces),
    }
    value |= {f"NumPy, {k}": on_numpy(over_pairs(f)) for k, f in costs.items()}
    back: dict[str, Implementation] = {
        "PyTorch autograd": on_torch(autograd(builtin)),
        f"PyTorch autograd, {way}": on_torch(autograd(in_pieces)),
        **{f"NumPy, {k}": on_numpy(f) for k, f in pullbacks.items()},
    }
    pulled = f"{name}.pullback"
    return (
        Subject(name, drawn, referenced(name), value),
        Subject(pulled, drawn_back, referenced(pulled), back),
    )


# Absolute differences, and squares of small ones.


def where_less(x: Reals, t: Reals) -> Reals:
    """t - x or x - t."""
    return np.where(x < t, t - x, x - t)


def of_parts(x: Reals, t: Reals, *, beta: float) -> Reals:
    """PyTorch's formula."""
    d = np.abs(x - t)
    return np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta)


def of_excess(x: Reals, t: Reals, *, beta: float) -> Reals:
    """The square of what is near, and what is above it."""
    d = np.abs(x - t)
    near = np.minimum(d, x.dtype.type(beta))
    return 0.5 * near * near / beta + (d - near)


def of_huber(x: Reals, t: Reals, *, beta: float) -> Reals:
    """Huber's loss, over beta."""
    d = np.abs(x - t)
    return np.where(d <= beta, 0.5 * d**2, beta * (d - 0.5 * beta)) / beta


def of_ratio(x: Reals, t: Reals, *, beta: float) -> Reals:
    """In parts of beta."""
    r = np.abs(x - t) / beta
    return beta * np.where(r < 1, 0.5 * r**2, r - 0.5)


def clipped_last(x: Reals, t: Reals, *, beta: float) -> Reals:
    """The difference over beta, from -1 to 1."""
    return np.clip((x - t) / beta, -1, 1)


def clipped_first(x: Reals, t: Reals, *, beta: float) -> Reals:
    """The difference from -beta to beta, over beta."""
    d, b = x - t, x.dtype.type(beta)
    return np.minimum(np.maximum(d, -b), b) / b


def of_sign(x: Reals, t: Reals, *, beta: float) -> Reals:
    """The difference over beta, or its sign."""
    d = x - t
    return np.where(np.abs(d) < beta, d / beta, np.sign(d))


# Probabilities.


def limits(p: Reals, t: Reals) -> Reals:
    """0 times a logarithm is 0."""
    first = np.where(t == 0, t, -t * np.log(p))
    return first + np.where(t == 1, 0 * t, (t - 1) * np.log(1 - p))


def limits_log1p(p: Reals, t: Reals) -> Reals:
    """The same by log1p."""
    first, rest = (
        np.where(weight == 0, weight, weight * logarithm)
        for weight, logarithm in ((t, np.log(p)), (1 - t, np.log1p(-p)))
    )
    return -(first + rest)


def limited(p: Reals, t: Reals) -> Reals:
    """PyTorch's formula."""
    first, rest = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
    return (t - 1) * rest - t * first


def of_odds(g: Reals, p: Reals, t: Reals, *, reduction: str) -> tuple[Reals, Reals]:
    """g (p - t) / (p (1 - p)), and minus g times the logarithm of the odds."""
    share = g / p.dtype.type(p.size) if reduction == "mean" else g
    return share * ((p - t) / (p * (1 - p))), -share * np.log(p / (1 - p))


def of_quotients(
    g: Reals, p: Reals, t: Reals, *, reduction: str
) -> tuple[Reals, Reals]:
    """g ((1 - t) / (1 - p) - t / p), divided by n last."""
    by_p = g * ((1 - t) / (1 - p) - t / p)
    by_t = g * (np.log1p(-p) - np.log(p))
    if reduction == "none" or reduction == "sum":
        return by_p, by_t
    return by_p / p.dtype.type(p.size), by_t / p.dtype.type(p.size)


def of_divisor(g: Reals, p: Reals, t: Reals, *, reduction: str) -> tuple[Reals, Reals]:
    """PyTorch's formula."""
    by_p = g * (p - t) / np.maximum((1 - p) * p, p.dtype.type(1e-12))
    by_t = g * (np.log(1 - p) - np.log(p))
    n = p.dtype.type(p.size if reduction == "mean" else 1)
    return by_p / n, by_t / n


DISTANCES = (
    *losses(
        "l1",
        paired,
        lambda x, t, **options: functional.l1_loss(x, t, **options),
        {
            "abs": lambda x, t: np.abs(x - t),
            "where": where_less,
            "maximum": lambda x, t: np.maximum(x - t, t - x),
        },
        {
            "sign": first_divided(lambda x, t: np.sign(x - t)),
            "x > t": last_divided(lambda x, t: np.where(x > t, 1, -1)),
            "x >= t": first_divided(lambda x, t: np.where(x >= t, 1, -1)),
        },
        ("abs", lambda x, t: (x - t).abs()),
    ),
    *losses(
        "smooth_l1",
        near_and_far,
        lambda x, t, **options: functional.smooth_l1_loss(x, t, **options),
        {"parts": of_parts, "excess": of_excess, "Huber": of_huber, "ratio": of_ratio},
        {
            "clipped last": first_divided(clipped_last),
            "clipped first": last_divided(clipped_first),
            "sign": first_divided(of_sign),
        },
        (
            "Huber",
            lambda x, t, beta: (
                functional.huber_loss(x, t, delta=beta, reduction="none") / beta
            ),
        ),
    ),
    *losses(
        "bce_of_probabilities",
        probable,
        lambda p, t, **options: functional.binary_cross_entropy(p, t, **options),
        {"limits": limits, "log1p": limits_log1p, "limited": limited},
        {"odds": of_odds, "quotients": of_quotients, "divisor": of_divisor},
        (
            "xlogy",
            lambda p, t: -(torch.xlogy(t, p) + torch.special.xlog1py(1 - t, -p)),
        ),
    ),
)
