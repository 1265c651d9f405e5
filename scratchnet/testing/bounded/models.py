"""Built-in functions that are algorithms of their own, in plain array code.

What PyTorch computes in one call is modelled by the formulas that it, or another
release or device, computes it by: where there are several, the bound is the largest.

A model's parameters are PyTorch's, by name and place; the first is `input` there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from scratchnet.arrays import is_array
from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded import (
    extremes,
    functions,
    labels,
    products,
    reductions,
    selection,
)
from scratchnet.testing.bounded.accepting import accepted
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.bounded.operands import lifted, real
from scratchnet.testing.bounded.shaping import joined, moved

Function = Callable[..., Any]


def softmax(x: Bounded, /, dim: int | None = None) -> Bounded:
    """exp(s) / sum(exp(s)) with s = x - max(x), or times the rounded 1 / sum."""
    axis = _guessed("softmax", x, dim)
    powers = functions.exp(x - _largest(x, axis))
    total = reductions.sum_of(powers, axis=axis, keepdims=True)
    return accepted(powers / total, powers * (1.0 / total))


def log_softmax(x: Bounded, /, dim: int | None = None) -> Bounded:
    """s - log(sum(exp(s))) with s = x - max(x), or x - (max(x) + log(...))."""
    axis = _guessed("log_softmax", x, dim)
    largest = _largest(x, axis)
    shifted = x - largest
    lost = functions.log(
        reductions.sum_of(functions.exp(shifted), axis=axis, keepdims=True)
    )
    return accepted(shifted - lost, x - (largest + lost))


def _guessed(where: str, x: Bounded, dim: int | None) -> int:
    """The axis; where there is none, the one that PyTorch takes, warning."""
    if dim is None:
        dim = 0 if x.ndim in (0, 1, 3) else 1
    _require(isinstance(dim, int), where, f"dim={dim!r}", "required one axis")
    return dim


def logsumexp(x: Bounded, /, dim: Any, keepdim: bool = False) -> Bounded:
    """max(x) + log(sum(exp(x - max(x))))."""
    _require(dim not in (None, (), []), "logsumexp", f"dim={dim!r}", "required an axis")
    largest = _largest(x, axis := tuple(dim) if isinstance(dim, list) else dim)
    # Of a slice of infinities alone PyTorch subtracts nothing: the result is infinite.
    shift = selection.where(selection.predicate(np.isinf, largest), 0.0, largest)
    powers = functions.exp(x - shift)
    total = reductions.sum_of(powers, axis=axis, keepdims=True)
    result = shift + functions.log(total)
    if keepdim:
        return result
    sides = reductions.normalized(axis, x.ndim)
    return moved(result, lambda part: part.squeeze(sides))


def _require(fits: bool, where: str, found: str, required: str) -> None:
    if not fits:
        raise ArgumentError(where, found, required)


def _largest(x: Bounded, axis: Any) -> Bounded:
    return extremes.maximum_over(x, axis=axis, keepdims=True)


def linear(x: Any, /, weight: Any, bias: Any = None) -> Bounded:
    """x weight^T + bias, the bias added first or last; a 1-D weight is one row."""
    _require(
        weight.ndim in (1, 2) and x.shape[-1:] == weight.shape[-1:],
        *("linear", f"input.shape={x.shape} and weight.shape={weight.shape}"),
        "required (..., k) and (n, k), or (k,) for one row",
    )
    if bias is None:
        return products.matmul(x, weight if weight.ndim == 1 else weight.mT)
    rows = weight.shape[:-1]
    _require(
        bias.shape == rows, "linear", f"bias.shape={bias.shape}", f"required {rows}"
    )
    if weight.ndim == 1:
        return products.linear(x, weight[None], bias[None])[..., 0]
    return products.linear(x, weight, bias)


def addmm(x: Any, /, mat1: Any, mat2: Any) -> Bounded:
    """x + mat1 mat2, in one accumulator."""
    _require(
        mat1.ndim == mat2.ndim == 2 and mat1.shape[-1] == mat2.shape[0],
        *("addmm", f"mat1.shape={mat1.shape} and mat2.shape={mat2.shape}"),
        "required (m, k) and (k, n)",
    )
    sides = mat1.shape[0], mat2.shape[1]
    fits = x.ndim < 3 and all(
        own in (1, side) for own, side in zip(x.shape[::-1], sides[::-1], strict=False)
    )
    _require(
        fits, "addmm", f"input.shape={x.shape}", f"required {sides}, or 1 for a side"
    )
    full = moved(x, lambda part: np.broadcast_to(part, sides))
    if sides[0] == 0:
        return products.matmul(mat1, mat2)
    if x.ndim < 2 or x.shape[0] == 1:
        return products.linear(mat1, mat2.mT, full[0, ...])
    # A bias of its own for each row: row by row.
    each = [
        products.linear(mat1[i : i + 1], mat2.mT, full[i, ...]) for i in range(sides[0])
    ]
    return joined(each, np.concatenate, each[0])


def relu(x: Bounded, /) -> Bounded:
    """max(x, 0)."""
    return selection.maximum(x, 0.0)


def leaky_relu(x: Bounded, /, negative_slope: float = 0.01) -> Bounded:
    """x where it is positive, else a small share of it."""
    return selection.where(x > 0, x, x * negative_slope)


def elu(x: Bounded, /, alpha: float = 1.0) -> Bounded:
    """x where it is positive, else alpha (exp(x) - 1)."""
    return selection.where(x > 0, x, functions.expm1(x) * alpha)


def softplus(x: Bounded, /, beta: float = 1.0, threshold: float = 20.0) -> Bounded:
    """log(1 + exp(beta x)) / beta; above the threshold PyTorch says x."""
    scaled = x * beta
    soft = functions.log1p(functions.exp(scaled)) / beta
    return selection.where(scaled > threshold, x, soft)


def silu(x: Bounded, /) -> Bounded:
    """x sigmoid(x), or x / (1 + exp(-x))."""
    return accepted(x * functions.sigmoid(x), x / (1.0 + functions.exp(-x)))


def log_sigmoid(x: Bounded, /) -> Bounded:
    """min(x, 0) - log1p(exp(-abs(x)))."""
    return selection.minimum(x, 0.0) - functions.log1p(functions.exp(-abs(x)))


def nll_loss(x: Bounded, /, target: Any, *, reduction: str = "mean") -> Bounded:
    """-x[i, target[i]], averaged or added up or neither; classes are axis 1 or sole."""
    return _picked("nll_loss", x, target, reduction)


def cross_entropy(x: Bounded, /, target: Any, *, reduction: str = "mean") -> Bounded:
    """nll_loss of log_softmax(x)."""
    costs = log_softmax(x, min(x.ndim - 1, 1)) if x.ndim else x
    return _picked("cross_entropy", costs, target, reduction)


def _picked(where: str, x: Bounded, target: Bounded, reduction: str) -> Bounded:
    if x.ndim == 0:
        raise ArgumentError(
            where, "input.shape=()", "required (n, c) or (c,)", "write x[None]"
        )
    axis = min(x.ndim - 1, 1)
    place = np.expand_dims(labels.of_rows(where, target, x, axis), axis)
    picked = moved(x, lambda part: np.take_along_axis(part, place, axis).squeeze(axis))
    return _reduced(where, -picked, reduction)


def mse_loss(x: Any, /, target: Any, *, reduction: str = "mean") -> Bounded:
    """(x - target)^2."""
    apart = x - target
    return _reduced("mse_loss", apart * apart, reduction)


def binary_cross_entropy_with_logits(
    x: Bounded, /, target: Any, *, reduction: str = "mean"
) -> Bounded:
    """(1 - t) x - log_sigmoid(x), or max(x, 0) - x t + log1p(exp(-abs(x)))."""
    where, t = "binary_cross_entropy_with_logits", target
    _require(
        t.shape == x.shape, where, f"target.shape={t.shape}", f"required {x.shape}"
    )
    soft = functions.log1p(functions.exp(-abs(x)))
    costs = accepted(
        (1.0 - t) * x - log_sigmoid(x),
        selection.maximum(x, 0.0) - x * t + soft,
        (1.0 - t) * x + selection.maximum(-x, 0.0) + soft,
    )
    return _reduced(where, costs, reduction)


def _reduced(where: str, costs: Bounded, reduction: str) -> Bounded:
    known = reduction in ("mean", "sum", "none")
    _require(known, where, f"reduction={reduction!r}", "required mean, sum or none")
    if reduction == "none":
        return costs
    return reductions.mean(costs) if reduction == "mean" else reductions.sum_of(costs)


#: Options of PyTorch's functions that have no model, with the value at which they
#: change nothing and what to write instead.
DEFAULTS: Mapping[str, tuple[Any, str]] = MappingProxyType(
    {
        "alpha": (1, "write addmm(beta * input, alpha * mat1, mat2)"),
        "beta": (1, "write addmm(beta * input, alpha * mat1, mat2)"),
        "dtype": (None, "convert first: x.to(dtype)"),
        "ignore_index": (-100, "leave out the rows that are to be ignored"),
        "inplace": (False, "leave it out and use the result"),
        "label_smoothing": (0.0, "write the formula in array code"),
        "out": (None, "leave it out and use the result"),
        "pos_weight": (None, "write the formula in array code"),
        "reduce": (None, 'write reduction="none"'),
        "size_average": (None, 'write reduction="sum" or "mean"'),
        "weight": (None, "write the formula in array code"),
    }
)
#: Names of NumPy that PyTorch takes for its own.
_SYNONYMS: Mapping[str, str] = MappingProxyType({"axis": "dim", "keepdims": "keepdim"})


def modelled(name: str, function: Function, /) -> Function:
    """The model as PyTorch's function: its arguments by place or name, each array among
    them with a bound, and options without a model at their defaults alone."""
    signature = inspect.signature(function)

    def model(*args: Any, **options: Any) -> Any:
        options.pop("_stacklevel", None)  # of the warning that a missing dim gives
        given = _bound(name, signature, args, options)
        like = next(x for x in given.arguments.values() if isinstance(x, Bounded))
        for key, value in given.arguments.items():
            given.arguments[key] = _operand(value, like)
        if name != "one_hot":
            given.arguments["x"] = real(given.arguments["x"])
        with np.errstate(all="ignore"):
            return function(*given.args, **given.kwargs)

    return model


def _bound(
    name: str, signature: inspect.Signature, args: Any, options: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Which parameter each argument is for; refused where there is none."""
    named = {_SYNONYMS.get(key, key): value for key, value in options.items()}
    parameters = list(signature.parameters)
    for key in (named.keys() & DEFAULTS.keys()).difference(parameters):
        _require_default(name, key, named.pop(key))
    first = [named.pop(key) for key in ("input", "x", "a") if key in named]
    try:
        return signature.bind(*first, *args, **named)
    except TypeError as reason:
        takes = ", ".join(("input", *parameters[1:]))
        raise UnboundedError(
            name, f"called so ({reason})", f"required {name}({takes})"
        ) from None


def _require_default(name: str, key: str, given: Any) -> None:
    default, instead = DEFAULTS[key]
    plain = isinstance(given, int | float) and not isinstance(given, bool)
    if given is not default and not (plain and given == default):
        raise UnboundedError(
            name, f"{key}= has no derived bound", f"required {default}", instead
        )


def _operand(x: Any, like: Bounded) -> Any:
    """An array with its bound beside `like`, a number of NumPy as one of Python."""
    if isinstance(x, np.generic):
        return x.item()
    return lifted(x, like) if isinstance(x, Bounded) or is_array(x) else x


MODELS: Mapping[str, Function] = MappingProxyType(
    {
        each.__name__: modelled(each.__name__, each)
        for each in (
            *(addmm, binary_cross_entropy_with_logits, cross_entropy, elu),
            *(leaky_relu, linear, log_sigmoid, log_softmax, logsumexp, mse_loss),
            *(nll_loss, labels.one_hot, relu, silu, softmax, softplus),
        )
    }
)
