"""Operations that the pipeline does not have: NumPy's and PyTorch's, and formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import erf, pi, sqrt
from types import MappingProxyType
from typing import Any

import numpy as np
import orders
from draws import Case, Draw, Reals
from network import plain
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


def builtin(
    name: str,
    drawn: Callable[[Draw], Case],
    numpys: Callable[..., Any],
    torchs: Callable[..., Any],
    numpys_pullback: Callable[..., Any],
    *,
    values: Mapping[str, Implementation] = MappingProxyType({}),
    pullbacks: Mapping[str, Implementation] = MappingProxyType({}),
) -> tuple[Subject, Subject]:
    """An operation and its pullback, in NumPy and in PyTorch.

    values and pullbacks: other implementations of the two.
    """

    def drawn_back(draw: Draw) -> Case:
        case = drawn(draw)
        with np.errstate(all="ignore"):
            y = numpys(*case.inputs, **case.options)
        return case.with_inputs(draw.others(*np.shape(y)), *case.inputs)

    value = {"NumPy": on_numpy(numpys), "PyTorch": on_torch(torchs), **values}
    pullback = {
        "NumPy": on_numpy(lambda *inputs, **over: (numpys_pullback(*inputs, **over),)),
        "PyTorch autograd": on_torch(autograd(torchs)),
        **pullbacks,
    }
    back = f"{name}.pullback"
    return (
        Subject(name, drawn, referenced(name), value),
        Subject(back, drawn_back, referenced(back), pullback),
    )


# Activations.


def sigmoid(x: Reals) -> Reals:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def silu_pullback(g: Reals, x: Reals) -> Reals:
    """g s (1 + x (1 - s))."""
    s = sigmoid(x)
    return g * s * (1 + x * (1 - s))


def gelus(draw: Draw) -> Case:
    """Any numbers, and the form."""
    return plain(draw, approximate=draw.one_of("none", "tanh"))


def bent(x: Reals) -> Reals:
    """sqrt(2 / pi) (x + 0.044715 x^3)."""
    return sqrt(2 / pi) * (x + 0.044715 * x**3)


def numpys_erf(x: Reals) -> Reals:
    """The error function, number by number."""
    return np.vectorize(erf, otypes=[np.float64])(x).astype(x.dtype)


def gelu(x: Reals, *, approximate: str) -> Reals:
    """x (1 + erf(x / sqrt(2))) / 2, or with tanh for erf."""
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(bent(x)))
    return x * (0.5 * (1 + numpys_erf(x / sqrt(2))))


def gelu_pullback(g: Reals, x: Reals, *, approximate: str) -> Reals:
    """g times its derivative."""
    if approximate == "tanh":
        t = np.tanh(bent(x))
        change = sqrt(2 / pi) * (1 + 3 * 0.044715 * x**2)
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * change)
    density = np.exp(-(x**2) / 2) / sqrt(2 * pi)
    return g * (0.5 * (1 + numpys_erf(x / sqrt(2))) + x * density)


#: Where float64 cannot tell softplus from its argument either: PyTorch's own threshold
#: of 20 is documented as worse.
FAR = 40.0
SMOOTH = (
    *builtin(
        "tanh",
        plain,
        np.tanh,
        lambda x: x.tanh(),
        lambda g, x: g * (1 - np.tanh(x) ** 2),
    ),
    *builtin(
        "softplus",
        plain,
        lambda x: np.logaddexp(x, x.dtype.type(0)),
        lambda x: functional.softplus(x, threshold=FAR),
        lambda g, x: g * sigmoid(x),
    ),
    *builtin(
        "silu",
        plain,
        lambda x: x / (1 + np.exp(-x)),
        lambda x: functional.silu(x),
        silu_pullback,
        values={"NumPy, product": on_numpy(lambda x: x * sigmoid(x))},
    ),
    *builtin(
        "gelu",
        gelus,
        gelu,
        lambda x, approximate: functional.gelu(x, approximate=approximate),
        gelu_pullback,
    ),
)


# Along an axis.


def along(draw: Draw, **options: Any) -> Case:
    """An array with one side that may be long, and that one's axis."""
    n = draw.length()
    shape = [side or 1 for side in draw.shape()[:2]] if n < 100 else []
    axis = int(draw.rng.integers(0, len(shape) + 1))
    shape.insert(axis, n)
    axis = axis if draw.chance(0.5) else axis - len(shape)
    return Case(draw.form, (draw.numbers(*shape),), {"axis": axis, **options})


def reduced(draw: Draw) -> Case:
    """The same, with or without the axis in the result."""
    return along(draw, keepdims=draw.chance(0.3))


def spread(draw: Draw) -> Case:
    """The same, with a correction."""
    return along(
        draw, correction=draw.one_of(0, 0, 1, 1, 2, 0.5), keepdims=draw.chance(0.3)
    )


def logsumexp(x: Reals, *, axis: int, keepdims: bool) -> Reals:
    """m + log(sum(exp(x - m)))."""
    largest = x.max(axis=axis, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, x.dtype.type(0))
    powers = np.exp(x - shift).sum(axis=axis, keepdims=True)
    found = shift + np.log(powers)
    # Where there is NaN the sum is.
    return found if keepdims else found.squeeze(axis)


def repeated(g: Reals, x: Reals, axis: int, keepdims: bool) -> Reals:
    """The cotangent with the axis in it."""
    g = np.asarray(g)
    return np.broadcast_to(g if keepdims else np.expand_dims(g, axis), x.shape)


def logsumexp_pullback(g: Reals, x: Reals, *, axis: int, keepdims: bool) -> Reals:
    """g softmax(x)."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    share = powers / powers.sum(axis=axis, keepdims=True)
    return repeated(g, x, axis, keepdims) * share


def amax_pullback(g: Reals, x: Reals, *, axis: int, keepdims: bool) -> Reals:
    """g at the first of those that tie."""
    found = np.zeros_like(x)
    place = np.expand_dims(x.argmax(axis=axis), axis)
    share = np.take_along_axis(repeated(g, x, axis, keepdims), place, axis)
    np.put_along_axis(found, place, share, axis)
    return found


def doubling(x: Reals, *, axis: int) -> Reals:
    """A scan by steps of 1, 2, 4 and so on."""
    y = np.moveaxis(x, axis, -1)
    step = 1
    while step < y.shape[-1]:
        y = np.concatenate([y[..., :step], y[..., step:] + y[..., :-step]], axis=-1)
        step *= 2
    return np.moveaxis(y, -1, axis)


def cumsum_pullback(g: Reals, x: Reals, *, axis: int) -> Reals:
    """cumsum(g) from the end."""
    del x
    return np.flip(np.cumsum(np.flip(g, axis), axis=axis, dtype=g.dtype), axis)


def updated(x: Reals, *, axis: int, correction: float, keepdims: bool) -> Reals | None:
    """Welford's formula; None of rows that are too long."""
    n = x.shape[axis]
    if n > orders.CALLS:
        return None
    rows = np.moveaxis(x, axis, 0)
    mean, squares = rows[0], rows[0] * 0
    for i in range(1, n):
        off = rows[i] - mean
        mean = mean + off / x.dtype.type(i + 1)
        squares = squares + off * (rows[i] - mean)
    with np.errstate(all="ignore"):
        found = np.asarray(squares / x.dtype.type(max(n - correction, 0)), x.dtype)
    return np.expand_dims(found, axis) if keepdims else found


def spread_by(name: str) -> Callable[..., Any]:
    """NumPy's function of this name, in the format of its argument."""

    def numpys(x: Reals, *, axis: int, correction: float, keepdims: bool) -> Any:
        return getattr(np, name)(x, axis=axis, ddof=correction, keepdims=keepdims)

    return numpys


def var_pullback(
    g: Reals, x: Reals, *, axis: int, correction: float, keepdims: bool
) -> Reals:
    """2 g d / (n - correction)."""
    d = x - x.mean(axis=axis, keepdims=True)
    divisor = x.dtype.type(x.shape[axis] - correction)
    return repeated(g, x, axis, keepdims) * (2 * d) / divisor


def std_pullback(
    g: Reals, x: Reals, *, axis: int, correction: float, keepdims: bool
) -> Reals:
    """g d / ((n - correction) s)."""
    d = x - x.mean(axis=axis, keepdims=True)
    s = x.std(axis=axis, ddof=correction, keepdims=True)
    divisor = x.dtype.type(x.shape[axis] - correction)
    return repeated(g, x, axis, keepdims) * (d / s) / divisor


def torchs_two_passes(x: Any, *, axis: int, correction: float, keepdims: bool) -> Any:
    """The variance by two passes, for PyTorch to differentiate."""
    d = x - x.mean(axis, keepdim=True)
    return (d * d).sum(axis, keepdim=keepdims) / (x.shape[axis] - correction)


def torchs_named(name: str) -> Callable[..., Any]:
    """PyTorch's function of this name."""

    def torchs(x: Any, *, axis: int, **over: Any) -> Any:
        if "keepdims" in over:
            over["keepdim"] = over.pop("keepdims")
        return getattr(torch, name)(x, dim=axis, **over)

    return torchs


def undivided(function: Callable[..., Any]) -> Implementation:
    """The function, where there is more than the correction."""

    def implementation(case: Case) -> Any:
        x, options = case.inputs[-1], case.options
        if x.shape[options["axis"]] <= options["correction"]:
            return None
        return on_torch(function)(case)

    return implementation


ALONG = (
    *builtin(
        "logsumexp",
        reduced,
        logsumexp,
        torchs_named("logsumexp"),
        logsumexp_pullback,
    ),
    *builtin(
        "amax",
        reduced,
        np.amax,
        torchs_named("amax"),
        amax_pullback,
        pullbacks={
            "PyTorch autograd, max": on_torch(
                autograd(lambda x, axis, keepdims: x.max(axis, keepdim=keepdims).values)
            )
        },
    ),
    Subject(
        "argmax",
        along,
        referenced("argmax"),
        {"NumPy": on_numpy(np.argmax), "PyTorch": on_torch(torchs_named("argmax"))},
    ),
    *builtin(
        "cumsum",
        along,
        lambda x, axis: np.cumsum(x, axis=axis, dtype=x.dtype),
        torchs_named("cumsum"),
        cumsum_pullback,
        values={"NumPy, doubling": on_numpy(doubling)},
    ),
    *builtin(
        "var",
        spread,
        spread_by("var"),
        torchs_named("var"),
        var_pullback,
        values={"NumPy, updating": on_numpy(updated)},
        pullbacks={"PyTorch autograd, passes": undivided(autograd(torchs_two_passes))},
    ),
    *builtin(
        "std",
        spread,
        spread_by("std"),
        torchs_named("std"),
        std_pullback,
        pullbacks={
            "PyTorch autograd, passes": undivided(
                autograd(lambda x, **over: torchs_two_passes(x, **over).sqrt())
            )
        },
    ),
)

BEYOND = (*SMOOTH, *ALONG)
